// How far one client's update points where those of the others do.
#pragma once

#include <cmath>

#include "common/view.hpp"

namespace fedras {

// total[rows[i]] += scale * vectors[index[i]]
inline void add_scaled(Matrix<f64> total, Span<const i32> rows, Matrix<const f32> vectors,
                       Span<const i32> index, f64 scale) {
  for (i64 i = 0; i < rows.n; ++i) {
    f64* row = total[rows[i]];
    const f32* vector = vectors[index[i]];
    for (i64 f = 0; f < total.columns; ++f) row[f] += scale * f64(vector[f]);
  }
}

// The cosine of an update with the same rows of the total without it. `scale` is what it was added
// with, 0 if it was not. The cosine is 0 where either has no direction.
inline f64 agreement(Matrix<const f64> total, Span<const i32> rows, Matrix<const f32> vectors,
                     Span<const i32> index, f64 scale) {
  f64 dot = 0.0, own = 0.0, others = 0.0;
  for (i64 i = 0; i < rows.n; ++i) {
    const f64* row = total[rows[i]];
    const f32* vector = vectors[index[i]];
    for (i64 f = 0; f < total.columns; ++f) {
      const f64 x = vector[f], y = row[f] - scale * x;
      dot += x * y;
      own += x * x;
      others += y * y;
    }
  }
  const f64 length = std::sqrt(own) * std::sqrt(others);
  return length > 0 ? dot / length : 0.0;
}

}  // namespace fedras
