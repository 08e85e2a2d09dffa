// Trimmed means of many clients' rows, item by item: the median is the one that trims most.
#pragma once

#include "common/threads.hpp"

namespace fedras {

// The places of each item in `rows`, one item after another: item i stands at places[starts[i]] to
// places[starts[i + 1]]. `starts` has an entry more than there are items.
inline void sort_by_item(Span<const i32> rows, Span<i64> places, Span<i64> starts) {
  std::fill(starts.begin(), starts.end(), 0);
  for (const i32 row : rows) ++starts[row + 1];
  for (i64 i = 1; i < starts.n; ++i) starts[i] += starts[i - 1];
  std::vector<i64> free(starts.begin(), starts.end());
  for (i64 place = 0; place < rows.n; ++place) places[free[rows[place]]++] = place;
}

// Write, for each item and column, the mean of what is left without the trimmed[item] smallest values
// and as many of the largest. Items without values keep what is there.
inline void write_centres(Matrix<const f32> values, Span<const i64> places, Span<const i64> starts,
                          Span<const i64> trimmed, Matrix<f64> out) {
  constexpr i64 ITEMS = 64;  // a thread takes at a time
  const auto before = [](f32 a, f32 b) { return a < b || (a == a && b != b); };  // NaN comes last
  parallel_parts(starts.n - 1, ITEMS, [&](i64 from, i64 to) {
    std::vector<f32> column;
    for (i64 item = from; item < to; ++item) {
      const Span<const i64> own = places.part(starts[item], starts[item + 1]);
      const i64 cut = trimmed[item];
      column.resize(size_t(own.n));
      for (i64 f = 0; own.n > 0 && f < values.columns; ++f) {
        for (i64 i = 0; i < own.n; ++i) column[i] = values[own[i]][f];
        std::sort(column.begin(), column.end(), before);
        f64 total = 0.0;
        for (i64 i = cut; i < own.n - cut; ++i) total += f64(column[i]);
        out[item][f] = total / f64(own.n - 2 * cut);
      }
    }
  });
}

}  // namespace fedras
