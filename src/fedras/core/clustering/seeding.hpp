// Where Lloyd's algorithm starts: rows drawn in proportion to their squared distance to the centres so far.
//
// One by one where that is quick: k-means++ (Arthur and Vassilvitskii, SODA 2007). In a few large draws
// where it is not: k-means|| (Bahmani et al., VLDB 2012), which draws more centres than are wanted.
#pragma once

#include "common/view.hpp"

namespace fedras {

// Room for `one_by_one`, which any number of matrices may use in turn.
struct SeedingRoom {
  std::vector<f32> apart, near;
  std::vector<i32> closer;
  std::vector<f64> reach;
};

struct Seeds {
  i64 k;       // how many centres, fewer if no other rows remain
  bool exact;  // whether every row is one of them
};

// Draw up to k rows of float32[n, d] as centres by k-means++ and assign each row to its nearest.
Seeds one_by_one(Matrix<const f32> x, i64 k, u64 key, SeedingRoom& room, Matrix<f32> centroids,
                 Span<i32> assignment);

// Draw up to `most` rows as centres by k-means||, on all threads. The first is any row; then each round
// draws an equal share. A row that is drawn twice is one centre. Writes each row's nearest to `assignment`
// and returns the centres, row after row.
std::vector<f32> in_rounds(Matrix<const f32> x, i64 most, i64 rounds, u64 key, Span<i32> assignment);

}  // namespace fedras
