// Floats as levels: 8 or 4 bits a number and a scale for each row.
//
// A row's range, from minus to plus its largest magnitude, is divided into 2 L steps, L = 127 or 7;
// level L is zero. Bytes of a matrix: all scales as float32, little endian, then the levels of each row,
// padded to whole bytes.
#pragma once

#include "common/octets.hpp"

namespace fedras::quantised {

constexpr i64 SCALE_BYTES = 4;

inline int levels(int bits) { return (1 << (bits - 1)) - 1; }
inline i64 row_bytes(i64 columns, int bits) { return (columns * bits + 7) / 8; }  // without its scale
inline i64 bytes(i64 n, i64 columns, int bits) { return n * (SCALE_BYTES + row_bytes(columns, bits)); }

// How many rows so many bytes are; -1 where they are no rows.
inline i64 rows(i64 length, i64 columns, int bits) {
  const i64 row = bytes(1, columns, bits);
  return columns > 0 && length % row == 0 ? length / row : -1;
}

// Write float32[n, d] to bytes(n, d, bits). Round up with the probability that makes the mean exact,
// drawn from `key`, if `at_random`; else to the nearest level.
void write(Matrix<const f32> values, int bits, bool at_random, u64 key, u8* out);

// Whether `write` can have written it, and if not, the level that it cannot or 0 for a scale that is
// negative or not finite, whichever comes first.
struct Outcome {
  bool good = true;
  int level = 0;
};

// Read what `write` wrote, of which there are as many bytes as the matrix wants.
Outcome read(const u8* data, int bits, Matrix<f32> values);

}  // namespace fedras::quantised
