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

constexpr i64 PARTS = 8;            // of the items, which threads take
constexpr i64 NEAR = 2048;          // numbers whose sums stay in the nearest cache
constexpr i64 FEWEST = 8;           // rows of a client, on average, that are worth a look
constexpr i64 MUCH = i64(1) << 18;  // numbers; fewer are added up before another thread has woken up

// Add up what is for the items from `first` up to `last`, some of them at a time.
inline void add_up(const Sent& sent, Matrix<f64> total, Span<i64> count, i64 first, i64 last, i64 some) {
  std::vector<const i32*> next;  // row of each client
  for (i64 c = 0; c + 1 < sent.bounds.n; ++c) {
    const Span<const i32> own = sent.rows.part(sent.bounds[c], sent.bounds[c + 1]);
    next.push_back(first > 0 ? std::lower_bound(own.begin(), own.end(), first) : own.begin());
  }
  for (i64 end = std::min(first + some, last); first < last; first = end, end = std::min(end + some, last)) {
    for (size_t c = 0; c < next.size(); ++c) {
      const i32 *row = next[c], *stop = sent.rows.data + sent.bounds[i64(c) + 1];
      const auto vectors = sent.vectors.part(sent.starts[i64(c)], sent.starts[i64(c) + 1]);
      for (; row != stop && *row < end; ++row) {
        ++count[*row];
        accumulate(total[*row], vectors[sent.index[row - sent.rows.data]], total.columns);
      }
      next[c] = row;
    }
  }
}

// Add each client's vectors to the rows that take them, in the clients' order, and count who did. Where
// it is much, each thread has some of the items.
inline void add_up(const Sent& sent, Matrix<f64> total, Span<i64> count) {
  const i64 clients = std::max<i64>(sent.starts.n - 1, 1), rows = std::max<i64>(sent.rows.n, 1);
  const i64 some = std::max(NEAR / std::max<i64>(total.columns, 1), FEWEST * clients * count.n / rows) + 1;
  if (sent.rows.n * total.columns < MUCH) return add_up(sent, total, count, 0, count.n, some);
  parallel(PARTS, [&](i64 part) {
    add_up(sent, total, count, part * count.n / PARTS, (part + 1) * count.n / PARTS, some);
  });
}

}  // namespace fedras
