#include "clustering/means.hpp"

#include "common/lanes.hpp"
#include "common/threads.hpp"

namespace fedras {

namespace {

void move_columns(Matrix<const f32> x, Span<const i32> assignment, Span<const i64> count, i64 first,
                  i64 last, Matrix<f32> centroids, std::vector<f64>& total) {
  const i64 width = last - first;
  total.assign(count.n * width, 0.0);
  if (width == LANES)
    for (i64 i = 0; i < x.rows; ++i)
      accumulate(total.data() + assignment[i] * LANES, x[i] + first, LANES);
  else
    for (i64 i = 0; i < x.rows; ++i)
      accumulate(total.data() + assignment[i] * width, x[i] + first, width);
  for (i64 j = 0; j < count.n; ++j)
    if (count[j] > 0)
      for (i64 f = first; f < last; ++f)
        centroids[j][f] = f32(total[j * width + f - first] / f64(count[j]));
}

}  // namespace

void count_rows(Span<const i32> assignment, Span<i64> count) {
  for (const i32 group : assignment) ++count[group];
}

void move(Matrix<const f32> x, Span<const i32> assignment, Span<const i64> count, Matrix<f32> centroids,
          std::vector<f64>& total) {
  move_columns(x, assignment, count, 0, x.columns, centroids, total);
}

void all_move(Matrix<const f32> x, Span<const i32> assignment, Span<const i64> count,
              Matrix<f32> centroids) {
  parallel_parts(x.columns, LANES, [&](i64 first, i64 last) {
    std::vector<f64> total;
    move_columns(x, assignment, count, first, last, centroids, total);
  });
}

i64 drop_empty(Matrix<f32> centroids, Span<i64> count, Span<i32> assignment) {
  std::vector<i32> place(count.n);
  i64 used = 0;
  for (i64 j = 0; j < count.n; ++j) {
    place[j] = i32(used);
    if (count[j] == 0) continue;
    if (used < j) copy(centroids[used], centroids[j], centroids.columns);
    count[used++] = count[j];
  }
  if (used < count.n)
    for (i32& group : assignment) group = place[group];
  return used;
}

}  // namespace fedras
