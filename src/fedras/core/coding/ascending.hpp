// Integers in ascending order, in about as many bits as it takes to choose them.
//
// The Elias-Fano code [1]: the low bits as they are, the rest in unary, all values in one string of
// flags, of which as many are set as there are values. The flags are coded four at a time by rans, at
// the rate that this share allows.
//
// [1] P. Elias, Efficient Storage and Retrieval by Content and Address of Static Files, Journal of the
//     ACM 21(2), 1974.
#pragma once

#include "coding/rans.hpp"

namespace fedras::ascending {

// Values that do not decrease, in [0, limit], limit < 2^31; and, out, whether they could be read, as far
// as can be seen before the end of the stream. No values up to 0 take no bytes but the state's.
struct Put {
  Span<const i32> values;
  i64 limit;
  rans::Writer writer;
};
struct Take {
  Span<i32> values;
  i64 limit;
  rans::Reader reader;
  bool good = false;
};

// The most bytes that n values take, the coder's state included.
i64 room(i64 n, i64 limit);

// Encode many streams, and end them.
void put_all(Span<Put> streams);

// Decode what put_all encoded. A reader goes on where its values end.
void take_all(Span<Take> streams);

}  // namespace fedras::ascending
