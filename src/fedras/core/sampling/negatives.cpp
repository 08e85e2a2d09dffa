#include "sampling/negatives.hpp"

namespace fedras {

void NegativeSampler::sample(u64 stream, Span<const i32> seen, i64 n_items, Span<i32> out) {
  members_.clear(seen.n + out.n);
  i64 distinct = 0;
  for (const i32 item : seen) distinct += members_.add(item);
  // Up to here a draw is rejected at most half the time; beyond, walking through all items costs no
  // more than twice the rows that the user has and gets.
  if (2 * (distinct + out.n) > n_items) {
    sample_listed(stream, n_items, out);
    return;
  }
  u64 counter = 0;
  for (i64 filled = 0; filled < out.n;) {
    const i32 item = i32(below(stream, counter++, u64(n_items)));
    if (members_.add(item)) out[filled++] = item;
  }
}

// Write down all items that are not in the set and shuffle as many as are needed.
void NegativeSampler::sample_listed(u64 stream, i64 n_items, Span<i32> out) {
  candidates_.clear();
  for (i64 item = 0; item < n_items; ++item)
    if (!members_.contains(i32(item))) candidates_.push_back(i32(item));
  const i64 left = i64(candidates_.size());
  for (i64 position = 0; position < std::min(left, out.n); ++position) {
    const i64 other = position + below(stream, u64(position), u64(left - position));
    out[position] = candidates_[other];
    candidates_[other] = candidates_[position];
  }
}

}  // namespace fedras
