// Groups and their means: what K-means does between two assignments.
#pragma once

#include "common/view.hpp"

namespace fedras {

// How many rows each group has, added to `count`, which is zero before.
void count_rows(Span<const i32> assignment, Span<i64> count);

// Move each centroid to the mean of its rows; an empty group keeps its place. Sums are float64, row after
// row; `total` is room for them.
void move(Matrix<const f32> x, Span<const i32> assignment, Span<const i64> count, Matrix<f32> centroids,
          std::vector<f64>& total);

// The same on all threads: each moves some columns.
void all_move(Matrix<const f32> x, Span<const i32> assignment, Span<const i64> count,
              Matrix<f32> centroids);

// Close the gaps that empty groups leave; return how many groups remain, which come first.
i64 drop_empty(Matrix<f32> centroids, Span<i64> count, Span<i32> assignment);

}  // namespace fedras
