// Groups and their means: what K-means does between two assignments.
#pragma once

#include "common/view.hpp"

namespace fedras {

// The rows of each group, ascending, one group after another. It may be made anew any number of times in
// the same memory.
struct Members {
  std::vector<i64> first;  // k + 1: group j is row[first[j]] to row[first[j + 1] - 1]
  std::vector<i32> row;    // and room for eight more

  void sort(Span<const i32> assignment, i64 k);
  i64 groups() const { return i64(first.size()) - 1; }
  i64 size(i64 j) const { return first[j + 1] - first[j]; }
  Span<const i32> of(i64 j) const { return {row.data() + first[j], size(j)}; }
};

// Move each centroid to the mean of its rows; an empty group keeps its place. Sums are float64, row after
// row.
void move(Matrix<const f32> x, const Members& members, Matrix<f32> centroids);

// The same on all threads.
void all_move(Matrix<const f32> x, const Members& members, Matrix<f32> centroids);

// Close the gaps that empty groups leave; return how many groups remain, which come first.
i64 drop_empty(Matrix<f32> centroids, const Members& members, Span<i32> assignment);

}  // namespace fedras
