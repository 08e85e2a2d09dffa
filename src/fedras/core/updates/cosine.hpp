// How alike the rows of two matrices are.
#pragma once

#include <cmath>

#include "common/view.hpp"

namespace fedras {

// The mean over `rows` of the cosine with the other's row of the same number, in float64. Rows ascend;
// the cosine is 0 where the other has no such row or either is all zero. Of no rows it is 1.
inline f64 mean_cosine(Span<const i32> rows, Matrix<const f32> values, Span<const i32> other_rows,
                       Matrix<const f32> other_values) {
  if (rows.n == 0) return 1.0;
  f64 total = 0.0;
  i64 j = 0;
  for (i64 i = 0; i < rows.n; ++i) {
    while (j < other_rows.n && other_rows[j] < rows[i]) ++j;
    if (j == other_rows.n || other_rows[j] != rows[i]) continue;
    f64 dot = 0.0, one = 0.0, other = 0.0;
    for (i64 f = 0; f < values.columns; ++f) {
      const f64 a = values[i][f], b = other_values[j][f];
      dot += a * b;
      one += a * a;
      other += b * b;
    }
    if (one > 0 && other > 0) total += dot / (std::sqrt(one) * std::sqrt(other));
  }
  return total / f64(rows.n);
}

}  // namespace fedras
