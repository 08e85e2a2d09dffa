// Means of many clients' updates, item by item.
#pragma once

#include "common/view.hpp"

namespace fedras {

// For each row its sum over its number in single precision, less `shrink` times the matrix's row where that
// is not null. Write what is not all zero, and whose it is, ascending; how many.
inline i64 write_means(Span<const i32> rows, Matrix<const f64> total, Span<const i64> count,
                       Matrix<const f32> matrix, const f32* shrink, i32* moved, Matrix<f32> out) {
  i64 n = 0;
  for (i64 i = 0; i < rows.n; ++i) {
    const f64 number = f64(count[i]);
    const f64* sum = total[i];
    f32* mean = out[n];
    for (i64 f = 0; f < matrix.columns; ++f) mean[f] = f32(sum[f] / number);
    if (shrink)
      for (i64 f = 0; f < matrix.columns; ++f) mean[f] -= *shrink * matrix[rows[i]][f];
    bool zero = true;
    for (i64 f = 0; f < matrix.columns; ++f) zero &= mean[f] == 0;
    moved[n] = rows[i];
    n += !zero;
  }
  return n;
}

}  // namespace fedras
