// What a client trains on: its own items, and items it never touched, in shuffled order.
#pragma once

#include <memory>
#include <utility>

#include "common/random.hpp"

namespace fedras {

// A row of a client's items, and whether the client interacted with it: 1 or 0.
struct Sample {
  i32 row;
  f32 label;
};

// The samples of a client, positives first: int32[m + drawn], as positions among its distinct items.
struct Samples {
  Span<const i32> rows;
  i64 positives = 0;
  i64 distinct = 0;  // items
  u64 counter = 0;   // the next unused one of the client's stream
};

// Draws samples for one client after another; one for each thread.
class Sampler {
 public:
  explicit Sampler(i64 items);  // how many there are, N

  // Draw `negatives` items per positive among those that are no positives.
  //
  // positives: int32[m], the client's items; one that occurs twice is a positive twice.
  // negatives: drawn with replacement, uniformly; none where every item is a positive.
  // key: the client's stream of random numbers; the counters from 0 are used.
  // items: out, the distinct items, ascending; there must be room for min(N, m (1 + negatives)).
  //
  // What is returned stays until the next call.
  Samples draw(Span<const i32> positives, i64 negatives, u64 key, i32* items);

 private:
  struct Word {  // a bit for each of 64 items
    u64 liked = 0, taken = 0;
  };

  i64 list(i64 n, i32* items);

  i64 items_;
  std::vector<Word> words_;        // all 0 between two calls
  std::unique_ptr<i32[]> place_;   // of an item among the distinct ones; only they have one
  std::vector<i32> samples_;
};

// The samples of one of several epochs, each with all positives and its own share of the negatives.
inline void list_epoch(const Samples& samples, i64 epoch, i64 epochs, std::vector<Sample>& order) {
  const i64 positives = samples.positives, share = (samples.rows.n - positives) / epochs;
  const i32* negatives = samples.rows.data + positives + epoch * share;
  order.resize(size_t(positives + share));
  for (i64 i = 0; i < positives; ++i) order[i] = {samples.rows[i], 1.0f};
  for (i64 i = 0; i < share; ++i) order[positives + i] = {negatives[i], 0.0f};
}

// Shuffle in place (Fisher and Yates); return the next unused counter.
template <class T>
inline u64 shuffle(Span<T> order, u64 key, u64 counter) {
  for (i64 i = order.n - 1; i > 0; --i) std::swap(order[i], order[below(key, counter++, u64(i + 1))]);
  return counter;
}

}  // namespace fedras
