#include "scoring/ranks.hpp"

#include "common/lanes.hpp"

namespace fedras {

namespace {

constexpr f32 LOWEST = -std::numeric_limits<f32>::infinity();

i64 count_below(Span<const f32> scores, f32 mark) {
  const i64 whole = scores.n & -LANES;
  const Eight marks = spread(mark);
  EightInts one{}, other{};
  for (i64 i = 0; i < whole; i += LANES) {
    one -= load(scores.data + i) < marks;  // -1 in each lane where it is
    other -= load(scores.data + i + 8) < marks;
  }
  i64 below = 0;
  for (int l = 0; l < 8; ++l) below += i64(one[l]) + i64(other[l]);
  for (i64 i = whole; i < scores.n; ++i) below += scores[i] < mark;
  return below;
}

bool any_above(const f32* scores, f32 mark) {  // of eight
  const EightInts above = load(scores) > spread(mark);
  i32 any = 0;
  for (int l = 0; l < 8; ++l) any |= above[l];
  return any != 0;
}

void insert(Span<i32> list, f32* best, i32 item, f32 score) {
  i64 place = list.n - 1;
  for (; place > 0 && score > best[place - 1]; --place) {
    best[place] = best[place - 1];
    list[place] = list[place - 1];
  }
  best[place] = score;
  list[place] = item;
}

}  // namespace

void rank(Span<f32> scores, Span<const i32> held_out, Span<const i32> seen, std::vector<f32>& own,
          i64* ranks) {
  own.resize(size_t(held_out.n));
  for (i64 j = 0; j < held_out.n; ++j) own[j] = scores[held_out[j]];
  for (const i32 item : seen) scores[item] = LOWEST;
  for (const i32 item : held_out) scores[item] = LOWEST;
  for (i64 j = 0; j < held_out.n; ++j) ranks[j] = scores.n - count_below(scores, own[j]);
  for (i64 j = 0; j < held_out.n; ++j) scores[held_out[j]] = own[j];
}

void list_first(Span<const f32> scores, Span<i32> list, std::vector<f32>& best) {
  best.assign(size_t(list.n), LOWEST);
  for (i32& item : list) item = -1;
  if (list.n == 0) return;
  const f32& mark = best.back();
  for (i64 i = 0; i < scores.n; ++i) {
    while (i + 8 <= scores.n && !any_above(scores.data + i, mark)) i += 8;
    if (i < scores.n && scores[i] > mark) insert(list, best.data(), i32(i), scores[i]);
  }
}

}  // namespace fedras
