#include "coding/choices.hpp"

#include <algorithm>
#include <numeric>

#include "coding/ascending.hpp"
#include "coding/bits.hpp"
#include "coding/row_sets.hpp"

namespace fedras::choices {

namespace {

constexpr u8 FIXED = 0;

bool codable(i64 k) { return 2 <= k && k <= rans::MOST_SYMBOLS; }

i64 fixed_bytes(i64 n, i64 k) { return 1 + bits::bytes(n, bits::width_of(k)); }

// The coder's bounds of k counts, which ascend: choices by frequency have them from the end.
void cumulate(Span<const i32> rising, u32* bounds) {
  std::vector<i64> falling(std::make_reverse_iterator(rising.end()),
                           std::make_reverse_iterator(rising.begin()));
  rans::cumulate(falling, bounds);
}

// Order k names by frequency, write their counts, ascending, and the choices as places in this order.
void by_frequency(Pack& part, i32* rising, i32* renamed) {
  const i64 k = part.order.n;
  std::vector<i32> tally(size_t(k), 0), place(size_t(k), 0);
  for (const i32 choice : part.choices) ++tally[choice];
  std::iota(part.order.begin(), part.order.end(), i64(0));
  std::stable_sort(part.order.begin(), part.order.end(),
                   [&](i64 a, i64 b) { return tally[a] > tally[b]; });
  for (i64 i = 0; i < k; ++i) {
    place[part.order[i]] = i32(i);
    rising[k - 1 - i] = tally[part.order[i]];
  }
  for (i64 i = 0; i < part.choices.n; ++i) renamed[i] = place[part.choices[i]];
}

void put_fixed(Pack& part, Span<const i32> renamed) {
  const i64 size = fixed_bytes(part.choices.n, part.order.n);
  part.out = part.out.part(part.out.n - size, part.out.n);
  part.out[0] = FIXED;
  bits::pack(renamed, bits::width_of(part.order.n), part.out.data + 1);
}

// Read choices of fixed width; whether `data` holds them.
bool take_fixed(Unpack& part) {
  const i64 n = part.choices.n, k = part.k;
  if (part.data.n < 1 || part.data[0] != FIXED || (n > 0 && k < 1)) return false;
  if (part.data.n != fixed_bytes(n, k)) return false;
  bits::unpack(part.data.data + 1, bits::width_of(k), part.choices);
  return std::all_of(part.choices.begin(), part.choices.end(), [&](i32 choice) { return choice < k; });
}

// Whether choices occur as often as counted: the most frequent has the last of the counts.
bool as_counted(Span<const i32> choices, Span<i32> rising) {
  for (const i32 choice : choices) --rising[rising.n - 1 - choice];
  return std::all_of(rising.begin(), rising.end(), [](i32 left) { return left == 0; });
}

// Read what the coder wrote of the parts that are its own; their `good` says so.
void take_coded(Span<Unpack*> parts) {
  i64 names = 0;
  for (const Unpack* part : parts) names += part->k;
  std::vector<i32> rising(size_t(names), 0);
  std::vector<u32> bounds(size_t(names + parts.n), 0);
  std::vector<ascending::Take> counts;
  i32* tally = rising.data();
  for (const Unpack* part : parts) {
    const i64 n = part->choices.n;
    counts.push_back({{tally, part->k}, row_sets::take_count(part->data, n),
                      {part->data, row_sets::count_bytes(n)}});
    tally += part->k;
  }
  ascending::take_all(counts);
  std::vector<rans::Take<i32>> takes;
  u32* shares = bounds.data();
  for (i64 c = 0; c < parts.n; ++c) {
    const Span<i32> own = counts[c].values, choices = parts[c]->choices;
    parts[c]->good = counts[c].good && own[own.n - 1] == counts[c].limit &&
                     std::accumulate(own.begin(), own.end(), i64(0)) == choices.n;
    if (parts[c]->good) cumulate(own, shares);
    takes.push_back({choices.part(0, parts[c]->good ? choices.n : 0), shares, own.n, counts[c].reader});
    shares += own.n + 1;
  }
  rans::take_all(Span<rans::Take<i32>>(takes));
  for (i64 c = 0; c < parts.n; ++c)
    parts[c]->good = parts[c]->good && takes[c].reader.ended() &&
                     as_counted(parts[c]->choices, counts[c].values);
}

}  // namespace

i64 room(i64 n, i64 k) {
  const i64 coded = 1 + row_sets::count_bytes(n) + ascending::room(k, n) + 2 * n;
  return std::max(fixed_bytes(n, k), coded);
}

void pack_all(Span<Pack> parts) {
  i64 n = 0, names = 0;
  for (const Pack& part : parts) n += part.choices.n, names += part.order.n;
  std::vector<i32> renamed(size_t(n), 0), rising(size_t(names), 0);
  std::vector<u32> bounds(size_t(names + parts.n), 0);
  std::vector<rans::Put<i32>> puts;
  std::vector<ascending::Put> counts;
  i32 *own = renamed.data(), *tally = rising.data();
  u32* shares = bounds.data();
  for (Pack& part : parts) {
    const i64 k = part.order.n;
    by_frequency(part, tally, own);
    if (codable(k)) {
      cumulate({tally, k}, shares);
      puts.push_back({{own, part.choices.n}, shares, k, {part.out.end()}});
      counts.push_back({{tally, k}, tally[k - 1], {}});
    }
    own += part.choices.n, tally += k, shares += k + 1;
  }
  rans::put_all(Span<rans::Put<i32>>(puts));
  for (size_t c = 0; c < puts.size(); ++c) counts[c].writer = puts[c].writer;
  ascending::put_all(counts);
  own = renamed.data();
  auto coded = counts.begin();
  for (Pack& part : parts) {
    const Span<const i32> choices{own, part.choices.n};
    own += choices.n;
    u8* at = part.out.begin();
    if (codable(part.order.n)) {
      at = coded->writer.at;
      row_sets::put_count((coded++)->limit, choices.n, at);
    }
    if (codable(part.order.n) && part.out.end() - at < fixed_bytes(choices.n, part.order.n))
      part.out = {at, part.out.end() - at};
    else
      put_fixed(part, choices);
  }
}

void unpack_all(Span<Unpack> parts) {
  std::vector<Unpack*> coded;
  for (Unpack& part : parts) {
    if (codable(part.k) && part.data.n > 0 && part.data[0] & 1) {
      part.good = row_sets::take_count(part.data, part.choices.n) >= 0;
      if (part.good) coded.push_back(&part);
    } else {
      part.good = take_fixed(part);
    }
  }
  take_coded(coded);
}

}  // namespace fedras::choices
