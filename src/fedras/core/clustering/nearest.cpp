#include "clustering/nearest.hpp"

#include "common/threads.hpp"

namespace fedras {

namespace {

constexpr i64 CHUNK = 256;  // rows that a thread takes at a time

f32 bias_of(const f32* centroid, i64 d) {
  f32 total = 0;
  for (i64 f = 0; f < d; ++f) total += centroid[f] * centroid[f];
  return -0.5f * total;
}

// Let R centroids from number `first` on take over rows of one panel.
template <int R>
void take_panel(const f32* panel, Matrix<const f32> centroids, const f32* bias, i64 first, Eight best[2],
                EightInts at[2]) {
  Tile<R> tile;
  for (int r = 0; r < R; ++r) tile.begin(r, bias[first + r]);
  tile.add(centroids[first], centroids.stride, panel, centroids.columns);
  for (int r = 0; r < R; ++r) {
    const EightInts number = EightInts{} + i32(first + r);
    const EightInts low = tile.low[r] > best[0], high = tile.high[r] > best[1];
    best[0] = low ? tile.low[r] : best[0];
    best[1] = high ? tile.high[r] : best[1];
    at[0] = low ? number : at[0];
    at[1] = high ? number : at[1];
  }
}

}  // namespace

Panels lay_out(Matrix<const f32> centroids) {
  Panels panels(centroids);
  for (i64 p = 0; p < panels.count; ++p) {
    f32* panel = panels.panel(p);
    Eight low{}, high{};
    for (i64 f = 0; f < panels.terms; ++f) {
      const Eight one = load(panel + f * LANES), other = load(panel + f * LANES + 8);
      low += one * one;
      high += other * other;
    }
    f32 bias[LANES];
    store(bias, spread(-0.5f) * low);
    store(bias + 8, spread(-0.5f) * high);
    for (i64 j = p * LANES; j < std::min(panels.vectors, (p + 1) * LANES); ++j)
      panels.start(j) = bias[j % LANES];
  }
  return panels;
}

void take_over(Matrix<const f32> x, const Panels& centroids, i32 offset, Span<f32> score,
               Span<i32> assignment) {
  Leader leaders[BLOCK];
  for (i64 first = 0; first < x.rows; first += BLOCK) {
    const i64 last = std::min(x.rows, first + BLOCK);
    lead(x.part(first, last), centroids, 0, -1, leaders);
    for (i64 i = first; i < last; ++i) {
      f32 best;
      const i32 j = leaders[i - first].winner(best);
      if (best > score[i]) {
        score[i] = best;
        assignment[i] = offset + j;
      }
    }
  }
}

void all_take_over(Matrix<const f32> x, const Panels& centroids, i32 offset, Span<f32> score,
                   Span<i32> assignment) {
  parallel_parts(x.rows, CHUNK, [&](i64 first, i64 last) {
    take_over(x.part(first, last), centroids, offset, score.part(first, last),
              assignment.part(first, last));
  });
}

void take_over_few(const Panels& x, Matrix<const f32> centroids, Span<f32> score, Span<i32> assignment) {
  std::vector<f32> bias(centroids.rows);
  for (i64 j = 0; j < centroids.rows; ++j) bias[j] = bias_of(centroids[j], centroids.columns);
  for (i64 p = 0; p < x.count; ++p) {
    const i64 first = p * LANES;
    const size_t rows = size_t(std::min(LANES, x.vectors - first));
    Eight best[2] = {spread(NOBODY), spread(NOBODY)};
    EightInts at[2] = {};
    std::memcpy(best, score.data + first, rows * sizeof(f32));
    std::memcpy(at, assignment.data + first, rows * sizeof(i32));
    i64 j = 0;
    for (; j + 4 <= centroids.rows; j += 4) take_panel<4>(x.panel(p), centroids, bias.data(), j, best, at);
    for (; j + 2 <= centroids.rows; j += 2) take_panel<2>(x.panel(p), centroids, bias.data(), j, best, at);
    for (; j < centroids.rows; ++j) take_panel<1>(x.panel(p), centroids, bias.data(), j, best, at);
    std::memcpy(score.data + first, best, rows * sizeof(f32));
    std::memcpy(assignment.data + first, at, rows * sizeof(i32));
  }
}

void all_nearest(Matrix<const f32> x, Matrix<const f32> centroids, Span<i32> assignment) {
  std::vector<f32> score(x.rows, NOBODY);
  std::fill(assignment.begin(), assignment.end(), 0);
  all_take_over(x, lay_out(centroids), 0, score, assignment);
}

void squared_distances(Matrix<const f32> x, Matrix<const f32> centroids, Span<const i32> assignment,
                       Span<f32> apart) {
  parallel_parts(x.rows, CHUNK, [&](i64 first, i64 last) {
    for (i64 i = first; i < last; ++i)
      apart[i] = squared_distance(x[i], centroids[assignment[i]], x.columns);
  });
}

f32 largest_size(Matrix<const f32> x) {
  constexpr i64 MANY = 1 << 14;
  std::vector<i32> found(size_t((x.rows + MANY - 1) / MANY), 0);
  parallel_parts(x.rows, MANY, [&](i64 first, i64 last) {
    i32 largest = 0;
    for (i64 i = first; i < last; ++i) {
      for (i64 f = 0; f < x.columns; ++f) {
        i32 bits;
        std::memcpy(&bits, x[i] + f, sizeof bits);
        bits &= 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
      }
    }
    found[size_t(first / MANY)] = largest;
  });
  const i32 largest = found.empty() ? 0 : *std::max_element(found.begin(), found.end());
  f32 size;
  std::memcpy(&size, &largest, sizeof size);
  return size;
}

}  // namespace fedras
