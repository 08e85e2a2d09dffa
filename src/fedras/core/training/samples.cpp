#include "training/samples.hpp"

#include <algorithm>

namespace fedras {

namespace {

constexpr i32 UNSEEN = -1, LIKED = -2, DRAWN = -3;
constexpr i64 WORD = 64;
constexpr i64 SPARSE = 8;  // sorting is faster than looking at so many words per item

// Sort n different items.
void sort_items(Span<i32> found, i64 items, std::vector<u64>& taken) {
  const i64 words = (items + WORD - 1) / WORD;
  if (words > SPARSE * found.n) {
    std::sort(found.begin(), found.end());
    return;
  }
  for (const i32 item : found) taken[item / WORD] |= u64(1) << (item % WORD);
  i32* next = found.data;
  for (i64 w = 0; w < words; ++w) {
    for (u64 left = taken[w]; left != 0; left &= left - 1)
      *next++ = i32(w * WORD) + __builtin_ctzll(left);
    taken[w] = 0;
  }
}

}  // namespace

SampleRoom::SampleRoom(i64 items)
    : place(size_t(items), UNSEEN), taken(size_t((items + WORD - 1) / WORD), 0) {}

Samples draw_samples(Span<const i32> positives, i64 negatives, u64 key, i32* items, SampleRoom& room) {
  const i64 m = positives.n, size = i64(room.place.size());
  const i64 most = m * (1 + negatives);
  if (i64(room.samples.size()) <= most) {
    room.samples.resize(size_t(most + 1));
    room.found.resize(size_t(std::min(size, most) + 1));
  }
  i32 *place = room.place.data(), *found = room.found.data(), *samples = room.samples.data();
  i64 n = 0;
  for (i64 i = 0; i < m; ++i) {
    const i32 item = positives[i];
    samples[i] = found[n] = item;  // without a branch, which would be taken at random; so below
    n += place[item] == UNSEEN;
    place[item] = LIKED;
  }
  const i64 total = n < size ? most : m;
  u64 counter = 0;
  for (i64 i = m; i < total;) {
    const i32 item = i32(below(key, counter++, u64(size))), before = place[item];
    samples[i] = found[n] = item;
    n += before == UNSEEN;
    i += before != LIKED;
    place[item] = before == LIKED ? LIKED : DRAWN;
  }
  sort_items({found, n}, size, room.taken);
  for (i64 r = 0; r < n; ++r) {
    items[r] = found[r];
    place[found[r]] = i32(r);
  }
  for (i64 i = 0; i < total; ++i) samples[i] = place[samples[i]];
  for (i64 r = 0; r < n; ++r) place[items[r]] = UNSEEN;
  return {{samples, total}, m, n, counter};
}

}  // namespace fedras
