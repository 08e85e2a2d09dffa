// Sets of rows of one size: 2 bytes of it (12 bits), then for each set 2 bytes of its length, and its
// bytes.

#include "coding/row_sets.hpp"

#include <algorithm>

#include "target.hpp"

namespace fedras::fuzz {
namespace {

Bytes input_of(const std::vector<std::vector<i32>>& sets, i64 size) {
  std::vector<row_sets::Pack> packs;
  std::vector<Bytes> rooms;
  for (const auto& rows : sets) {
    rooms.emplace_back(size_t(row_sets::room(i64(rows.size()), size)));
    packs.push_back({rows, rooms.back()});
  }
  row_sets::pack_all(packs, size);
  Bytes out;
  add_number(out, size, 2);
  for (const auto& pack : packs) {
    add_number(out, pack.out.n, 2);
    add_bytes(out, pack.out);
  }
  return out;
}

void check(const row_sets::Unpack& set, i64 size) {
  for (i64 i = 0; i < set.rows.n; ++i)
    insist(set.rows[i] >= 0 && set.rows[i] < size && (i == 0 || set.rows[i - 1] < set.rows[i]),
           "the rows of a set do not increase");
  std::vector<i32> again(size_t(set.rows.n));
  Bytes room(size_t(row_sets::room(set.rows.n, size)));
  row_sets::Pack pack{set.rows, room};
  row_sets::pack_all({&pack, 1}, size);
  row_sets::Unpack back{pack.out, again};
  insist(row_sets::count(pack.out, size) == set.rows.n, "a set lost rows");
  row_sets::unpack_all({&back, 1}, size);
  insist(back.good && std::equal(again.begin(), again.end(), set.rows.begin()), "a set is another");
}

}  // namespace

std::vector<Bytes> samples() {
  std::vector<Bytes> out;
  Draws draw(1);
  for (const i64 size : {1, 8, 65, 200, 900})
    for (const i64 share : {1, 30, 300, 950, 1000})
      for (const size_t count : {1, 5}) {
        std::vector<std::vector<i32>> sets(count);
        for (auto& rows : sets)
          for (i64 row = 0; row < size; ++row)
            if (draw.below(1000) < share) rows.push_back(i32(row));
        out.push_back(input_of(sets, size));
      }
  return out;
}

}  // namespace fedras::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  using namespace fedras;
  fuzz::Input input(data, length);
  const i64 size = input.number(2) & 4095;
  std::vector<std::unique_ptr<u8[]>> owners;
  std::vector<std::vector<i32>> rows;
  std::vector<row_sets::Unpack> sets;
  rows.reserve(8);
  while (!input.empty() && sets.size() < 8) {
    Octets own;
    const i64 n = input.number(2);
    owners.push_back(input.bytes(n, own));
    rows.emplace_back(size_t(std::max<i64>(0, row_sets::count(own, size))));
    sets.push_back({own, rows.back()});
  }
  row_sets::unpack_all(sets, size);
  bool good = !sets.empty();
  for (const auto& set : sets) {
    good &= set.good;
    if (set.good) fuzz::check(set, size);
  }
  fuzz::accepted += good;
  return 0;
}
