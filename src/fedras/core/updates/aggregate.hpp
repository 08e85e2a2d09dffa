// Sums of many clients' updates, item by item.
#pragma once

#include "common/lanes.hpp"
#include "common/threads.hpp"

namespace fedras {

// What clients sent. Client c has the rows rows[bounds[c]] to rows[bounds[c + 1]], strictly increasing.
// Row i takes the vector index[i] of its client, whose first is vectors[starts[c]].
struct Sent {
  Span<const i32> rows;
  Span<const i64> bounds;
  Span<const i32> index;
  Matrix<const f32> vectors;
  Span<const i64> starts;
};

constexpr i64 PARTS = 16;      // of the items
constexpr i64 MUCH = 1 << 22;  // numbers; fewer are added up before another thread has woken up

// Add up what is for the items from `first` up to `last`.
inline void add_up(const Sent& sent, Matrix<f64> total, Span<i64> count, i64 first, i64 last) {
  for (i64 c = 0; c + 1 < sent.bounds.n; ++c) {
    const Span<const i32> own = sent.rows.part(sent.bounds[c], sent.bounds[c + 1]);
    const i32* row = std::lower_bound(own.begin(), own.end(), first);
    for (; row != own.end() && *row < last; ++row) {
      ++count[*row];
      accumulate(total[*row], sent.vectors[sent.starts[c] + sent.index[row - sent.rows.data]],
                 total.columns);
    }
  }
}

// Add each client's vectors to the rows that take them, in the clients' order, and count who did. Where
// it is much, each thread has some of the items.
inline void add_up(const Sent& sent, Matrix<f64> total, Span<i64> count) {
  if (sent.rows.n * total.columns < MUCH) return add_up(sent, total, count, 0, count.n);
  parallel(PARTS, [&](i64 part) {
    add_up(sent, total, count, part * count.n / PARTS, (part + 1) * count.n / PARTS);
  });
}

}  // namespace fedras
