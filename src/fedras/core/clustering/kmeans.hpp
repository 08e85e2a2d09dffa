// K-means of the rows of a float32 matrix: Lloyd's algorithm from a good start.
//
// Small matrices start from k-means++, which draws each next centre from the rows with a probability
// proportional to the squared distance to the centres so far. A client's update has a few large rows among
// many small ones; from uniformly drawn rows ten iterations do not find what one iteration finds from this
// start. Large matrices, of `LARGE` pairs of a row and a group or more, have an algorithm of their own,
// clustering/large.hpp.
#pragma once

#include "clustering/seeding.hpp"

namespace fedras {

constexpr i64 LARGE = i64(1) << 20;

// Room for `cluster_one`, which any number of matrices may use in turn.
struct ClusteringRoom {
  SeedingRoom seeding;
  std::vector<f32> scaled, score;
  std::vector<i32> before;
  std::vector<i64> count;
  std::vector<f64> total;
};

// Cluster float32[n, d] into at most k non-empty groups: write their centroids to the first rows of
// float32[min(k, n), d] and each row's group to int32[n]; return how many groups there are.
//
// Rows with no more than k distinct values are represented exactly. A matrix with a NaN or infinity becomes
// one group around NaN. There are at most so many iterations, the first from the start's own assignment;
// fewer when no row changes its group.
i64 cluster_one(Matrix<const f32> x, i64 k, i64 iterations, u64 key, ClusteringRoom& room,
                Matrix<f32> centroids, Span<i32> assignment);

// The same for any size, where so many pairs of a row and a group make a matrix large.
i64 cluster_any(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 large, ClusteringRoom& room,
                Matrix<f32> centroids, Span<i32> assignment);

// Whether x in k groups is that `large`.
inline bool is_large(Matrix<const f32> x, i64 k, i64 large) {
  return x.rows > 0 && x.columns > 0 && k >= (large + x.rows - 1) / x.rows;
}

}  // namespace fedras
