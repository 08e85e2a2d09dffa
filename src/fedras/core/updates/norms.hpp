// Norms of rows.
#pragma once

#include <cmath>

#include "common/view.hpp"

namespace fedras {

// The Euclidean norm of each row, in float64, so that none overflows.
inline void row_norms(Matrix<const f32> values, Span<f64> norms) {
  for (i64 i = 0; i < values.rows; ++i) {
    f64 total = 0.0;
    for (const f32 x : values.row(i)) total += f64(x) * f64(x);
    norms[i] = std::sqrt(total);
  }
}

// Each row times its scale.
inline void scale_rows(Matrix<const f32> values, Span<const f64> scale, Matrix<f32> out) {
  for (i64 i = 0; i < values.rows; ++i)
    for (i64 f = 0; f < values.columns; ++f) out[i][f] = f32(scale[i] * f64(values[i][f]));
}

}  // namespace fedras
