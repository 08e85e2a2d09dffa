#include "training/samples.hpp"

#include <algorithm>

namespace fedras {

namespace {

constexpr i64 WORD = 64;
constexpr i64 SPARSE = 32;  // sorting is faster than looking at so many words per sample

u64 bit(i32 item) { return u64(1) << (item % WORD); }

}  // namespace

Sampler::Sampler(i64 items)
    : items_(items), words_(size_t((items + WORD - 1) / WORD)), place_(new i32[size_t(items)]) {}

Samples Sampler::draw(Span<const i32> positives, i64 negatives, u64 key, i32* items) {
  const i64 m = positives.n, most = m * (1 + negatives);
  if (i64(samples_.size()) <= most) samples_.resize(size_t(most + 1));
  i32* samples = samples_.data();
  i64 liked = 0;
  for (i64 i = 0; i < m; ++i) {
    Word& word = words_[positives[i] / WORD];
    liked += !(word.liked & bit(positives[i]));
    word.liked |= bit(positives[i]);
    word.taken |= bit(positives[i]);
    samples[i] = positives[i];
  }
  const i64 total = liked < items_ ? most : m;
  u64 counter = 0;
  for (i64 i = m; i < total;) {
    const i32 item = i32(below(key, counter++, u64(items_)));
    Word& word = words_[item / WORD];
    samples[i] = item;  // without a branch, which would be taken at random
    i += !(word.liked & bit(item));
    word.taken |= bit(item);
  }
  const i64 distinct = list(total, items);
  for (i64 r = 0; r < distinct; ++r) place_[items[r]] = i32(r);
  for (i64 i = 0; i < total; ++i) samples[i] = place_[samples[i]];
  return {{samples, total}, m, distinct, counter};
}

// List the distinct items among the first n samples and forget them; how many.
i64 Sampler::list(i64 n, i32* items) {
  i32* next = items;
  const i64 words = i64(words_.size());
  if (words <= SPARSE * n) {
    for (i64 w = 0; w < words; ++w) {
      for (u64 left = words_[w].taken; left != 0; left &= left - 1)
        *next++ = i32(w * WORD) + __builtin_ctzll(left);
      words_[w] = {};
    }
    return next - items;
  }
  for (i64 i = 0; i < n; ++i) {
    const i32 item = samples_[i];
    Word& word = words_[item / WORD];
    if (word.taken & bit(item)) *next++ = item;
    word.liked &= ~bit(item);
    word.taken &= ~bit(item);
  }
  std::sort(items, next);
  return next - items;
}

}  // namespace fedras
