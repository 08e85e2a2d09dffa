#include "clustering/kmeans.hpp"

#include <algorithm>
#include <optional>

#include "clustering/large.hpp"
#include "clustering/means.hpp"
#include "clustering/nearest.hpp"

namespace fedras {

namespace {

constexpr f32 SMALL = 1e-12f, HUGE_SIZE = 1e12f;
constexpr f32 LEAST = 1.2e-38f;  // the reciprocal of what is smaller overflows

// A factor that brings the squares of x into the range of float32, usually 1; 0 if x is not finite.
f32 scale_of(Matrix<const f32> x) {
  const f32 peak = largest_size(x);
  if (!(peak < std::numeric_limits<f32>::infinity())) return 0;
  if (peak == 0 || (SMALL < peak && peak < HUGE_SIZE)) return 1;
  return 1.0f / (LEAST > peak ? LEAST : peak);
}

Matrix<const f32> scaled(Matrix<const f32> x, f32 scale, std::vector<f32>& room) {
  if (scale == 1) return x;
  room.resize(x.rows * x.columns);
  const Matrix<f32> out(room.data(), x.rows, x.columns);
  for (i64 i = 0; i < x.rows; ++i)
    for (i64 f = 0; f < x.columns; ++f) out[i][f] = x[i][f] * scale;
  return out;
}

void scale_back(Matrix<f32> centroids, f32 scale) {
  if (scale == 1) return;
  for (i64 j = 0; j < centroids.rows; ++j)
    for (i64 f = 0; f < centroids.columns; ++f) centroids[j][f] /= scale;
}

i64 not_finite(Matrix<f32> centroids, Span<i32> assignment) {
  std::fill(assignment.begin(), assignment.end(), 0);
  for (f32& own : centroids.row(0)) own = std::numeric_limits<f32>::quiet_NaN();
  return 1;
}

// Assign again and move, until no row changes its group or the iterations are over.
void iterate(Matrix<const f32> x, i64 iterations, ClusteringRoom& room, Matrix<f32> centroids,
             Span<i32> assignment) {
  const bool few = centroids.rows <= FEW;
  std::optional<Panels> turned;
  if (few) turned.emplace(x);
  for (i64 turn = 0; turn < iterations; ++turn) {
    room.before.assign(assignment.begin(), assignment.end());
    room.score.assign(x.rows, NOBODY);
    if (few)
      take_over_few(*turned, centroids, room.score, assignment);
    else
      take_over(x, lay_out(centroids), 0, room.score, assignment);
    if (std::equal(assignment.begin(), assignment.end(), room.before.begin())) return;
    room.count.assign(centroids.rows, 0);
    count_rows(assignment, room.count);
    move(x, assignment, room.count, centroids, room.total);
  }
}

}  // namespace

i64 cluster_one(Matrix<const f32> values, i64 k, i64 iterations, u64 key, ClusteringRoom& room,
                Matrix<f32> centroids, Span<i32> assignment) {
  const f32 scale = scale_of(values);
  if (scale == 0) return not_finite(centroids, assignment);
  const auto x = scaled(values, scale, room.scaled);
  const auto seeds = one_by_one(x, std::min(k, x.rows), key, room.seeding, centroids, assignment);
  const auto own = centroids.part(0, seeds.k);
  room.count.assign(seeds.k, 0);
  count_rows(assignment, room.count);
  if (!seeds.exact) {
    move(x, assignment, room.count, own, room.total);
    if (iterations > 1) iterate(x, iterations - 1, room, own, assignment);
  }
  scale_back(own, scale);
  return drop_empty(own, room.count, assignment);
}

i64 cluster_any(Matrix<const f32> values, i64 k, i64 iterations, u64 key, i64 large, ClusteringRoom& room,
                Matrix<f32> centroids, Span<i32> assignment) {
  if (!is_large(values, k, large))
    return cluster_one(values, k, iterations, key, room, centroids, assignment);
  const f32 scale = scale_of(values);
  if (scale == 0) return not_finite(centroids, assignment);
  const auto x = scaled(values, scale, room.scaled);
  const auto used = cluster_large(x, std::min(k, x.rows), iterations, key, CELL, centroids, assignment);
  scale_back(centroids.part(0, used), scale);
  return used;
}

}  // namespace fedras
