// Choices among a few as bytes: for each of many, the shorter of fixed width and entropy coding.
//
// A first byte of 0 announces choices in as many bits as the largest needs. An odd one begins the count
// of the most frequent choice (row_sets::put_count); there follow the packed low bits of all counts in
// ascending order, and the coder's bytes: the counts' flags (ascending), then the choices.
#pragma once

#include "common/octets.hpp"

namespace fedras::choices {

// Choices, each in [0, k), which are renamed by frequency. What is the most frequent becomes 0: names
// are free, and counts that do not increase take less room than the same counts in any order.
struct Pack {
  Span<const i32> choices;
  Span<i64> order;  // out: k old names, one for each new one; of equals the smallest first
  Span<u8> out;     // the room for the bytes, and then the end of it, where they are
};
struct Unpack {
  Octets data;
  i64 k;
  Span<i32> choices;
  bool good = false;  // out: whether the bytes are so many choices among k
};

// The bytes that n choices among k need as their room; both below 2^31.
i64 room(i64 n, i64 k);
void pack_all(Span<Pack> parts);
void unpack_all(Span<Unpack> parts);

}  // namespace fedras::choices
