// The fast Walsh-Hadamard transform: n log n additions, two bits of an index at a time.
#pragma once

#include <cmath>

#include "common/lanes.hpp"

namespace fedras {

// Numbers of two vectors, counted through both.
template <int i, int j, int k, int l>
inline Four pick(Four a, Four b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, i, j, k, l);
#else
  typedef i32 Places __attribute__((vector_size(16)));
  return __builtin_shuffle(a, b, Places{i, j, k, l});
#endif
}

// Rows become columns.
inline void transpose(Four& a, Four& b, Four& c, Four& d) {
  const Four ab = pick<0, 4, 1, 5>(a, b), cd = pick<0, 4, 1, 5>(c, d);
  const Four ab_end = pick<2, 6, 3, 7>(a, b), cd_end = pick<2, 6, 3, 7>(c, d);
  a = pick<0, 1, 4, 5>(ab, cd);
  b = pick<2, 3, 6, 7>(ab, cd);
  c = pick<0, 1, 4, 5>(ab_end, cd_end);
  d = pick<2, 3, 6, 7>(ab_end, cd_end);
}

template <class T>
inline void mix(T& a, T& b, T& c, T& d) {
  const T first = a + b, second = a - b, third = c + d, fourth = c - d;
  a = first + third;
  b = second + fourth;
  c = first - third;
  d = second - fourth;
}

// Mix what is a quarter of so many numbers apart, in each group of them: the second bit of an index
// before the first, then the fourth before the third, and so on.
inline void mix_quarters(Span<f32> x, i64 group) {
  const i64 quarter = group / 4;
  for (f32* own = x.begin(); own < x.end(); own += group)
    for (i64 i = 0; i < quarter; i += 8) {
      Eight a = load(own + i), b = load(own + quarter + i), c = load(own + 2 * quarter + i),
            d = load(own + 3 * quarter + i);
      mix(a, b, c, d);
      store(own + i, a);
      store(own + quarter + i, b);
      store(own + 2 * quarter + i, c);
      store(own + 3 * quarter + i, d);
    }
}

// The same of sixteen numbers, to the end.
inline void mix_sixteen(f32* x) {
  Four a, b, c, d;
  std::memcpy(&a, x, sizeof a);
  std::memcpy(&b, x + 4, sizeof b);
  std::memcpy(&c, x + 8, sizeof c);
  std::memcpy(&d, x + 12, sizeof d);
  mix(a, b, c, d);
  transpose(a, b, c, d);
  mix(a, b, c, d);
  transpose(a, b, c, d);
  std::memcpy(x, &a, sizeof a);
  std::memcpy(x + 4, &b, sizeof b);
  std::memcpy(x + 8, &c, sizeof c);
  std::memcpy(x + 12, &d, sizeof d);
}

// And of eight.
inline void mix_eight(f32* x) {
  mix(x[0], x[2], x[4], x[6]);
  mix(x[1], x[3], x[5], x[7]);
  for (int i = 0; i < 8; i += 2) {
    const f32 one = x[i], other = x[i + 1];
    x[i] = one + other;
    x[i + 1] = one - other;
  }
}

// Apply the orthonormal Walsh-Hadamard transform, its own inverse, in place, to a power of two of
// numbers, 8 or more.
inline void transform(Span<f32> x) {
  i64 group = x.n;
  for (; group > 16; group /= 4) mix_quarters(x, group);
  for (f32* own = x.begin(); own < x.end(); own += group)
    group == 16 ? mix_sixteen(own) : mix_eight(own);
  const f32 scale = f32(1.0 / std::sqrt(f64(x.n)));
  for (f32& value : x) value *= scale;
}

}  // namespace fedras
