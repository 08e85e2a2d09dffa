// Sets of rows as bytes: for each of many, the shorter of a bitmap and the entropy coder.
//
// No bytes are the set of all rows. A first byte of 0 announces a bitmap of all rows. An odd one begins
// the number of rows (put_count); there follow the packed low bits of the row numbers less their ranks,
// and the coder's bytes (ascending).
#pragma once

#include "common/octets.hpp"

namespace fedras::row_sets {

// Rows, strictly increasing in [0, size), size < 2^31; `out` is the room for their bytes and then the
// end of it, where they are.
struct Pack {
  Span<const i32> rows;
  Span<u8> out;
};
struct Unpack {
  Octets data;
  Span<i32> rows;     // as many as `count` says
  bool good = false;  // out: whether the bytes are such a set
};

// The bytes that a set of n of `size` rows needs as its room.
i64 room(i64 n, i64 size);
void pack_all(Span<Pack> sets, i64 size);

// How many rows the set says it has, at most `size`; -1 where it is none.
i64 count(Octets data, i64 size);
void unpack_all(Span<Unpack> sets, i64 size);

// Numbers of at most `limit` >= 0 before what follows: 2 n + 1, little endian, in count_bytes(limit).
i64 count_bytes(i64 limit);
void put_count(i64 n, i64 limit, u8*& at);
void append_count(i64 n, i64 limit, std::vector<u8>& out);
// The number that `data` begins with, -1 where there is none.
i64 take_count(Octets data, i64 limit);

}  // namespace fedras::row_sets
