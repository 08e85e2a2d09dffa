// Products of rows with the same vectors, and whose is the largest.
//
// The vectors lie in panels of LANES, term by term, so that a tile of the result reads them one after
// another, whatever their number. Each product is fused, term by term in their order, as everywhere
// (common/product.hpp), so neither the tiles nor the panels show in the bits.
#pragma once

#include "common/product.hpp"

namespace fedras {

constexpr f32 NOBODY = -std::numeric_limits<f32>::infinity();

// Vectors of so many terms, and what their products start from: 0 at first, NOBODY for what fills up
// the last panel, so that it is never the largest.
class Panels {
 public:
  const i64 vectors, terms, count;  // count: of panels

  Panels(i64 n, i64 d)
      : vectors(n), terms(d), count((n + LANES - 1) / LANES), room_(count * (d + 1), LANES), data_(room_) {
    for (i64 j = n; j < count * LANES; ++j) start(j) = NOBODY;
  }
  explicit Panels(Matrix<const f32> rows) : Panels(rows.rows, rows.columns) {
    for (i64 j = 0; j < rows.rows; ++j) put(j, rows[j]);
  }
  Panels(Panels&&) = default;

  void put(i64 j, const f32* vector) {
    f32* to = panel(j / LANES) + j % LANES;
    for (i64 f = 0; f < terms; ++f) to[f * LANES] = vector[f];
  }
  f32& start(i64 j) { return panel(j / LANES)[j % LANES - LANES]; }
  f32* panel(i64 p) { return data_[p * (terms + 1) + 1]; }  // float32[terms, LANES]
  const f32* panel(i64 p) const { return data_[p * (terms + 1) + 1]; }

 private:
  Filled room_;
  Matrix<f32> data_;
};

// R rows of sixteen numbers, in registers.
template <int R>
struct Tile {
  Eight low[R], high[R];

  void begin(const f32* start) {
    for (int r = 0; r < R; ++r) low[r] = load(start), high[r] = load(start + 8);
  }
  void begin(int r, f32 start) { low[r] = high[r] = spread(start); }

  // Add the products of R rows with the vectors of a panel.
  void add(const f32* rows, i64 stride, const f32* panel, i64 terms) {
    for (i64 k = 0; k < terms; ++k) {
      const Eight one = load(panel + k * LANES), other = load(panel + k * LANES + 8);
      for (int r = 0; r < R; ++r) {
        const Eight left = spread(rows[r * stride + k]);
        low[r] = fused(left, one, low[r]);
        high[r] = fused(left, other, high[r]);
      }
    }
  }
};

// The largest product of one row so far and whose it is, lane by lane.
struct Leader {
  Eight low, high;
  EightInts low_at, high_at;

  void clear() {
    low = high = spread(NOBODY);
    low_at = EightInts{0, 1, 2, 3, 4, 5, 6, 7};
    high_at = low_at + 8;
  }
  void meet(Eight other_low, Eight other_high, EightInts at) {
    const EightInts take_low = other_low > low, take_high = other_high > high;
    low = take_low ? other_low : low;
    high = take_high ? other_high : high;
    low_at = take_low ? at : low_at;
    high_at = take_high ? at + 8 : high_at;
  }
  // The first vector of those with the largest product.
  i32 winner(f32& product) const {
    const EightInts take = (high > low) | ((high == low) & (high_at < low_at));
    const Eight best = take ? high : low;
    const EightInts at = take ? high_at : low_at;
    f32 most = best[0];
    i32 first = at[0];
    for (int l = 1; l < 8; ++l) {
      const bool better = best[l] > most || (best[l] == most && at[l] < first);
      most = better ? best[l] : most;
      first = better ? at[l] : first;
    }
    product = most;
    return first;
  }
};

// Let R rows meet the vectors of panel p; `self` is the vector that the first of them does not meet, the
// next does not meet the next, or negative.
template <int R>
inline void meet(const f32* rows, i64 stride, const Panels& vectors, i64 p, i32 self, Leader* leaders) {
  Tile<R> tile;
  const f32* panel = vectors.panel(p);
  tile.begin(panel - LANES);
  tile.add(rows, stride, panel, vectors.terms);
  const EightInts at = EightInts{0, 1, 2, 3, 4, 5, 6, 7} + i32(p * LANES);
  if (self >= 0)
    for (int r = 0; r < R; ++r) {
      tile.low[r] = at == self + r ? spread(NOBODY) : tile.low[r];
      tile.high[r] = at + 8 == self + r ? spread(NOBODY) : tile.high[r];
    }
  for (int r = 0; r < R; ++r) leaders[r].meet(tile.low[r], tile.high[r], at);
}

constexpr i64 BLOCK = 32;  // so many rows and a panel fit the nearest cache

// For each of up to BLOCK rows, who leads among the vectors from panel `first` on; see `meet` for self.
inline void lead(Matrix<const f32> rows, const Panels& vectors, i64 first, i32 self, Leader* leaders) {
  for (i64 r = 0; r < rows.rows; ++r) leaders[r].clear();
  for (i64 p = first; p < vectors.count; ++p) {
    const auto own = [&](i64 r) { return self < 0 ? -1 : self + i32(r); };
    i64 r = 0;
    for (; r + 4 <= rows.rows; r += 4) meet<4>(rows[r], rows.stride, vectors, p, own(r), leaders + r);
    for (; r < rows.rows; ++r) meet<1>(rows[r], rows.stride, vectors, p, own(r), leaders + r);
  }
}

}  // namespace fedras
