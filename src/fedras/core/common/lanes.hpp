// Arithmetic on vectors of some dozens of numbers, sixteen at a time.
//
// Strict floating point forbids a compiler to reorder a sum, so it would add the terms one by one.
// Here sixteen go side by side: lane l adds up the terms l, l + 16, l + 32 and so on; then the upper
// half of the lanes is added to the lower half until one is left, and then the rest of the terms, one
// by one. Processors with narrower registers do the same in several steps, with the same bits.
#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include <cstring>
#include <limits>

#include "common/view.hpp"

namespace fedras {

constexpr i64 LANES = 16;

// Half of the lanes: vectors of 32 bytes are what compilers lower best on any x86-64.
typedef f32 Eight __attribute__((vector_size(32)));
typedef i32 EightInts __attribute__((vector_size(32)));
typedef f32 Four __attribute__((vector_size(16)));
typedef f64 FourDoubles __attribute__((vector_size(32)));

inline Eight load(const f32* from) {
  Eight x;
  std::memcpy(&x, from, sizeof x);
  return x;
}
inline void store(f32* to, Eight x) { std::memcpy(to, &x, sizeof x); }
inline FourDoubles load_doubles(const f32* from) {
#if defined(__AVX__)
  return _mm256_cvtps_pd(_mm_loadu_ps(from));  // compilers make four instructions of what follows
#else
  return FourDoubles{f64(from[0]), f64(from[1]), f64(from[2]), f64(from[3])};
#endif
}
inline Eight spread(f32 x) { return Eight{x, x, x, x, x, x, x, x}; }

// The sum of sixteen lanes, half by half.
inline f32 fold(Eight low, Eight high) {
  const Eight eight = low + high;
  Four a, b;
  std::memcpy(&a, &eight, sizeof a);
  std::memcpy(&b, reinterpret_cast<const char*>(&eight) + sizeof a, sizeof b);
  const Four four = a + b;
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// The sum of term(a[i], b[i]), where `term` takes numbers and vectors.
template <class Term>
inline f32 sum_of(const f32* a, const f32* b, i64 n, Term term) {
  const i64 whole = n & -LANES;
  Eight low{}, high{};
  for (i64 i = 0; i < whole; i += LANES) {
    low += term(load(a + i), load(b + i));
    high += term(load(a + i + 8), load(b + i + 8));
  }
  f32 total = fold(low, high);
  for (i64 i = whole; i < n; ++i) total += term(a[i], b[i]);
  return total;
}

inline f32 dot(const f32* a, const f32* b, i64 n) {
  return sum_of(a, b, n, [](auto x, auto y) { return x * y; });
}

inline f32 squared_distance(const f32* a, const f32* b, i64 n) {
  return sum_of(a, b, n, [](auto x, auto y) {
    const auto apart = x - y;
    return apart * apart;
  });
}

// out = a x + b y; out may be x or y.
inline void combine(f32* out, f32 a, const f32* x, f32 b, const f32* y, i64 n) {
  const Eight as = spread(a), bs = spread(b);
  const i64 whole = n & -i64(8);
  for (i64 i = 0; i < whole; i += 8) store(out + i, as * load(x + i) + bs * load(y + i));
  for (i64 i = whole; i < n; ++i) out[i] = a * x[i] + b * y[i];
}

// For vectors this short faster than `memcpy` of a length that is not known.
inline void copy(f32* out, const f32* x, i64 n) {
  const i64 whole = n & -i64(8);
  for (i64 i = 0; i < whole; i += 8) store(out + i, load(x + i));
  for (i64 i = whole; i < n; ++i) out[i] = x[i];
}

// Add float32[n] to float64[n].
inline void accumulate(f64* out, const f32* x, i64 n) {
  const i64 whole = n & -i64(4);
  for (i64 i = 0; i < whole; i += 4) {
    FourDoubles sum;
    std::memcpy(&sum, out + i, sizeof sum);
    sum += load_doubles(x + i);
    std::memcpy(out + i, &sum, sizeof sum);
  }
  for (i64 i = whole; i < n; ++i) out[i] += f64(x[i]);
}

// Add to out the rows of a matrix that `rows` lists, one after another, each times its own weight.
inline void add_weighted(f32* out, const f32* weights, Matrix<const f32> matrix, Span<const i32> rows) {
  const i64 n = matrix.columns, whole = n & -i64(8);
  for (i64 i = 0; i < whole; i += 8) {
    Eight total = load(out + i);
    for (const i32 row : rows) total += spread(weights[row]) * load(matrix[row] + i);
    store(out + i, total);
  }
  for (i64 i = whole; i < n; ++i)
    for (const i32 row : rows) out[i] += weights[row] * matrix[row][i];
}

// Where the largest of n > 0 numbers is, the first of equals; no NaN.
inline i64 first_largest(const f32* values, i64 n) {
  f32 best = -std::numeric_limits<f32>::infinity();
  i64 place = 0, i = 0;
  if (n >= 8) {
    Eight most = load(values);
    for (i = 8; i + 8 <= n; i += 8) {
      const Eight x = load(values + i);
      most = x > most ? x : most;
    }
    for (int l = 0; l < 8; ++l) best = most[l] > best ? most[l] : best;
  }
  for (; i < n; ++i) best = values[i] > best ? values[i] : best;
  while (place < n && values[place] != best) ++place;
  return place < n ? place : 0;
}

}  // namespace fedras
