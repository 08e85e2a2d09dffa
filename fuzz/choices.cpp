// Choices: for each part 2 bytes of how many there are (10 bits), 2 among how many (15 bits), 2 of its
// length, and its bytes.

#include "coding/choices.hpp"

#include <algorithm>

#include "target.hpp"

namespace fedras::fuzz {
namespace {

struct Part {
  i64 k;
  std::vector<i32> choices;
};

Bytes input_of(const std::vector<Part>& parts) {
  std::vector<choices::Pack> packs;
  std::vector<Bytes> rooms;
  std::vector<std::vector<i64>> orders;
  for (const auto& part : parts) {
    rooms.emplace_back(size_t(choices::room(i64(part.choices.size()), part.k)));
    orders.emplace_back(size_t(part.k));
    packs.push_back({part.choices, orders.back(), rooms.back()});
  }
  choices::pack_all(packs);
  Bytes out;
  for (const auto& pack : packs) {
    for (const i64 number : {pack.choices.n, pack.order.n, pack.out.n}) add_number(out, number, 2);
    add_bytes(out, pack.out);
  }
  return out;
}

void check(const choices::Unpack& part) {
  for (const i32 choice : part.choices) insist(choice >= 0 && choice < part.k, "a choice of none");
  Bytes room(size_t(choices::room(part.choices.n, part.k)));
  std::vector<i64> order(size_t(std::max<i64>(0, part.k)));
  std::vector<i32> again(size_t(part.choices.n));
  choices::Pack pack{part.choices, order, room};
  choices::pack_all({&pack, 1});
  choices::Unpack back{pack.out, part.k, again};
  choices::unpack_all({&back, 1});
  insist(back.good, "choices that were packed were refused");
  for (i64 i = 0; i < part.choices.n; ++i)
    insist(order[size_t(again[size_t(i)])] == part.choices[i], "a choice is another");
}

}  // namespace

std::vector<Bytes> samples() {
  std::vector<Bytes> out;
  Draws draw(2);
  for (const i64 k : {1, 2, 8, 60, 300})
    for (const i64 n : {0, 1, 7, 300})
      for (const size_t count : {1, 5}) {
        std::vector<Part> parts(count, Part{k, {}});
        for (auto& part : parts)
          for (i64 i = 0; i < n; ++i)  // the smaller, the more frequent
            part.choices.push_back(i32(draw.below(1 + draw.below(k))));
        out.push_back(input_of(parts));
      }
  return out;
}

}  // namespace fedras::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  using namespace fedras;
  fuzz::Input input(data, length);
  std::vector<std::unique_ptr<u8[]>> owners;
  std::vector<std::vector<i32>> room;
  std::vector<choices::Unpack> parts;
  room.reserve(8);
  while (!input.empty() && parts.size() < 8) {
    const i64 n = input.number(2) & 1023, k = input.number(2) & 32767, size = input.number(2);
    Octets own;
    owners.push_back(input.bytes(size, own));
    room.emplace_back(size_t(n));
    parts.push_back({own, k, room.back()});
  }
  choices::unpack_all(parts);
  bool good = !parts.empty();
  for (const auto& part : parts) {
    good &= part.good;
    if (part.good) fuzz::check(part);
  }
  fuzz::accepted += good;
  return 0;
}
