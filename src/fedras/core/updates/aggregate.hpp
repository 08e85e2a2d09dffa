// Sums of many clients' updates, item by item.
#pragma once

#include "common/lanes.hpp"
#include "common/threads.hpp"
#include "updates/touched.hpp"

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

// The sums of those rows that somebody sent, ascending, and how many did. There is nothing of other rows.
struct Sums {
  Span<const i32> rows;
  Matrix<f64> total;
  Span<i64> count;
};

constexpr i64 PARTS = 8;            // of the rows, which threads take
constexpr i64 NEAR = 2048;          // numbers whose sums stay in the nearest cache
constexpr i64 FEWEST = 8;           // rows of a client, on average, that are worth a look
constexpr i64 MUCH = i64(1) << 18;  // numbers; fewer are added up before another thread has woken up

// Add up what is for the sums from `first` up to `last`, some of them at a time.
inline void add_up(const Sent& sent, const Touched& touched, const Sums& sums, i64 first, i64 last, i64 some) {
  if (first == last) return;
  std::vector<const i32*> next;  // row of each client
  for (i64 c = 0; c + 1 < sent.bounds.n; ++c) {
    const Span<const i32> own = sent.rows.part(sent.bounds[c], sent.bounds[c + 1]);
    next.push_back(first > 0 ? std::lower_bound(own.begin(), own.end(), sums.rows[first]) : own.begin());
  }
  for (; first < last; first += some) {
    const i32 end = sums.rows[std::min(first + some, last) - 1];  // the last of them
    for (size_t c = 0; c < next.size(); ++c) {
      const i32 *row = next[c], *stop = sent.rows.data + sent.bounds[i64(c) + 1];
      const auto vectors = sent.vectors.part(sent.starts[i64(c)], sent.starts[i64(c) + 1]);
      for (; row != stop && *row <= end; ++row) {
        const i64 place = touched.place(*row);
        ++sums.count[place];
        accumulate(sums.total[place], vectors[sent.index[row - sent.rows.data]], sums.total.columns);
      }
      next[c] = row;
    }
  }
}

// Add each client's vectors to the sums of the rows that take them, in the clients' order, and count who did.
// Where it is much, each thread has some of the rows.
inline void add_up(const Sent& sent, const Touched& touched, const Sums& sums) {
  const i64 clients = std::max<i64>(sent.starts.n - 1, 1), rows = std::max<i64>(sent.rows.n, 1);
  const i64 d = sums.total.columns, n = sums.rows.n;
  const i64 some = std::max(NEAR / std::max<i64>(d, 1), FEWEST * clients * n / rows) + 1;
  if (sent.rows.n * d < MUCH) return add_up(sent, touched, sums, 0, n, some);
  parallel(PARTS, [&](i64 part) {
    add_up(sent, touched, sums, part * n / PARTS, (part + 1) * n / PARTS, some);
  });
}

}  // namespace fedras
