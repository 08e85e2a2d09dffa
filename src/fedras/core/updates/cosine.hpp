// How alike the rows of two updates are.
#pragma once

#include <algorithm>
#include <cmath>

#include "common/view.hpp"

namespace fedras {

// An update: what is added to each of some rows, which ascend, among the vectors that they share.
struct Rows {
  Span<const i32> rows;
  Matrix<const f32> vectors;
  Span<const i32> chosen;  // of each row its vector

  const f32* operator[](i64 i) const { return vectors[chosen[i]]; }
};

// The cosine of two vectors in float64; 0 where either is all zero.
inline f64 cosine(const f32* one, const f32* other, i64 n) {
  f64 dot = 0.0, own = 0.0, others = 0.0;
  for (i64 f = 0; f < n; ++f) {
    const f64 a = one[f], b = other[f];
    dot += a * b;
    own += a * a;
    others += b * b;
  }
  return own > 0 && others > 0 ? dot / (std::sqrt(own) * std::sqrt(others)) : 0.0;
}

// The mean over the rows of an update of the cosine with the other's row of the same number, 0 where there
// is none; of no rows it is 1. Counts how many cosines are in each of equal bins from -1 to 1.
inline f64 mean_cosine(const Rows& wanted, const Rows& heard, Span<i64> bins) {
  if (wanted.rows.n == 0) return 1.0;
  f64 total = 0.0;
  i64 j = 0;
  for (i64 i = 0; i < wanted.rows.n; ++i) {
    while (j < heard.rows.n && heard.rows[j] < wanted.rows[i]) ++j;
    const bool there = j < heard.rows.n && heard.rows[j] == wanted.rows[i];
    const f64 alike = there ? cosine(wanted[i], heard[j], wanted.vectors.columns) : 0.0;
    total += alike;
    ++bins[std::clamp<i64>(i64(std::floor((alike + 1.0) * 0.5 * f64(bins.n))), 0, bins.n - 1)];
  }
  return total / f64(wanted.rows.n);
}

}  // namespace fedras
