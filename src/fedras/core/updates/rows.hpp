// Rows of matrices: copied, added and compared.
#pragma once

#include <cstring>

#include "common/lanes.hpp"
#include "common/threads.hpp"

namespace fedras {

constexpr i64 SOME = i64(1) << 18;  // numbers that a thread takes at a time; fewer are done before it has woken up

// How many rows of so many numbers that are.
inline i64 some_rows(i64 columns) { return SOME / std::max<i64>(columns, 1) + 1; }

// Let all threads fill what is large: the pages are made then.
inline void fill(Span<f64> numbers, f64 value) {
  parallel_parts(numbers.n, SOME, [&](i64 first, i64 last) {
    std::fill(numbers.data + first, numbers.data + last, value);
  });
}

// out = matrix[rows]
inline void copy_rows(Matrix<const f32> matrix, Span<const i32> rows, Matrix<f32> out) {
  for (i64 r = 0; r < rows.n; ++r) copy(out[r], matrix[rows[r]], matrix.columns);
}

// out = now - matrix[rows]; `out` may be `now`.
inline void write_change(Matrix<const f32> matrix, Span<const i32> rows, Matrix<const f32> now,
                         Matrix<f32> out) {
  for (i64 r = 0; r < rows.n; ++r) combine(out[r], 1.0f, now[r], -1.0f, matrix[rows[r]], matrix.columns);
}

// out = now[rows] - before[rows]
inline void write_changes(Matrix<const f32> before, Matrix<const f32> now, Span<const i32> rows, Matrix<f32> out) {
  parallel_parts(rows.n, some_rows(now.columns), [&](i64 first, i64 last) {
    for (i64 r = first; r < last; ++r)
      combine(out[r], 1.0f, now[rows[r]], -1.0f, before[rows[r]], now.columns);
  });
}

// matrix[rows[i]] += vectors[index[i]]; where the rows increase, each thread adds some.
inline void add_rows(Matrix<f32> matrix, Span<const i32> rows, Matrix<const f32> vectors,
                     Span<const i32> index) {
  bool increase = true;
  for (i64 i = 1; i < rows.n; ++i) increase &= rows[i - 1] < rows[i];
  parallel_parts(rows.n, increase ? some_rows(matrix.columns) : rows.n, [&](i64 first, i64 last) {
    for (i64 i = first; i < last; ++i) {
      f32* row = matrix[rows[i]];
      combine(row, 1.0f, row, 1.0f, vectors[index[i]], matrix.columns);
    }
  });
}

// The rows, ascending, in which two matrices differ; how many. Each thread looks at some.
inline i64 differing(Matrix<const f32> one, Matrix<const f32> other, i32* rows) {
  const i64 stretch = some_rows(one.columns), parts = (one.rows + stretch - 1) / stretch;
  std::vector<i64> found(size_t(parts), 0);
  parallel_parts(one.rows, stretch, [&](i64 first, i64 last) {
    i64 count = 0;
    for (i64 r = first; r < last; ++r) {
      bool same = true;
      for (i64 f = 0; f < one.columns; ++f) same &= one[r][f] == other[r][f];
      if (!same) rows[first + count++] = i32(r);
    }
    found[size_t(first / stretch)] = count;
  });
  i64 count = 0;
  for (i64 part = 0; part < parts; ++part) {
    std::memmove(rows + count, rows + part * stretch, size_t(found[size_t(part)]) * sizeof(i32));
    count += found[size_t(part)];
  }
  return count;
}

}  // namespace fedras
