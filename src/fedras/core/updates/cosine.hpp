// How alike the rows of two updates are.
#pragma once

#include <algorithm>
#include <cmath>

#include "common/threads.hpp"

namespace fedras {

constexpr i64 COMPARED = 4096;  // rows that a thread takes at a time; fewer are done before another has woken up

// An update: what is added to each of some rows, which ascend, among the vectors that they share.
struct Rows {
  Span<const i32> rows;
  Matrix<const f32> vectors;
  Span<const i32> chosen;  // of each row its vector

  const f32* operator[](i64 i) const { return vectors[chosen[i]]; }
};

// The length of each vector in float64.
inline std::vector<f64> lengths(Matrix<const f32> vectors) {
  std::vector<f64> out(size_t(vectors.rows), 0.0);
  for (i64 i = 0; i < vectors.rows; ++i) {
    for (const f32 x : vectors.row(i)) out[size_t(i)] += f64(x) * f64(x);
    out[size_t(i)] = std::sqrt(out[size_t(i)]);
  }
  return out;
}

// The cosine in float64 of two vectors, one of which has its `length`; 0 where either is all zero.
inline f64 cosine(const f32* one, const f32* other, i64 n, f64 length) {
  f64 dot = 0.0, own = 0.0;
  for (i64 f = 0; f < n; ++f) {
    const f64 a = one[f], b = other[f];
    dot += a * b;
    own += a * a;
  }
  return own > 0 && length > 0 ? dot / (std::sqrt(own) * length) : 0.0;
}

// The mean over the rows of an update of the cosine with the other's row of the same number, 0 where there
// is none; of no rows it is 1. Counts how many cosines are in each of equal bins from -1 to 1.
inline f64 mean_cosine(const Rows& wanted, const Rows& heard, Span<i64> bins) {
  if (wanted.rows.n == 0) return 1.0;
  const auto length = lengths(heard.vectors);
  std::vector<f64> alike(size_t(wanted.rows.n), 0.0);
  parallel_parts(wanted.rows.n, COMPARED, [&](i64 first, i64 last) {
    i64 j = std::lower_bound(heard.rows.begin(), heard.rows.end(), wanted.rows[first]) - heard.rows.begin();
    for (i64 i = first; i < last; ++i) {
      while (j < heard.rows.n && heard.rows[j] < wanted.rows[i]) ++j;
      if (j < heard.rows.n && heard.rows[j] == wanted.rows[i])
        alike[size_t(i)] = cosine(wanted[i], heard[j], wanted.vectors.columns, length[size_t(heard.chosen[j])]);
    }
  });
  f64 total = 0.0;
  for (const f64 own : alike) {
    total += own;
    ++bins[std::clamp<i64>(i64(std::floor((own + 1.0) * 0.5 * f64(bins.n))), 0, bins.n - 1)];
  }
  return total / f64(wanted.rows.n);
}

}  // namespace fedras
