// Rows of matrices: copied, added and compared.
#pragma once

#include "common/lanes.hpp"

namespace fedras {

// out = matrix[rows]
inline void copy_rows(Matrix<const f32> matrix, Span<const i32> rows, Matrix<f32> out) {
  for (i64 r = 0; r < rows.n; ++r) copy(out[r], matrix[rows[r]], matrix.columns);
}

// out = now - matrix[rows]; `out` may be `now`.
inline void write_change(Matrix<const f32> matrix, Span<const i32> rows, Matrix<const f32> now,
                         Matrix<f32> out) {
  for (i64 r = 0; r < rows.n; ++r) combine(out[r], 1.0f, now[r], -1.0f, matrix[rows[r]], matrix.columns);
}

// matrix[rows[i]] += vectors[index[i]]
inline void add_rows(Matrix<f32> matrix, Span<const i32> rows, Matrix<const f32> vectors,
                     Span<const i32> index) {
  for (i64 i = 0; i < rows.n; ++i) {
    f32* row = matrix[rows[i]];
    combine(row, 1.0f, row, 1.0f, vectors[index[i]], matrix.columns);
  }
}

// The rows, ascending, in which two matrices differ; how many.
inline i64 differing(Matrix<const f32> one, Matrix<const f32> other, i32* rows) {
  i64 count = 0;
  for (i64 r = 0; r < one.rows; ++r) {
    bool same = true;
    for (i64 f = 0; f < one.columns; ++f) same &= one[r][f] == other[r][f];
    if (!same) rows[count++] = i32(r);
  }
  return count;
}

}  // namespace fedras
