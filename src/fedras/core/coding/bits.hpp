// Packing of small integers: each takes `width` bits, least significant bit first.
#pragma once

#include "common/octets.hpp"

namespace fedras::bits {

constexpr int MOST_WIDTH = 32;

inline i64 bytes(i64 n, int width) { return (n * width + 7) / 8; }

// How many bits every integer in [0, limit) fits into.
inline int width_of(i64 limit) {
  int width = 0;
  while (limit > 1 && (limit - 1) >> width > 0) ++width;
  return width;
}

// Write the lowest `width` bits of each of n values to bytes(n, width) bytes.
inline void pack(Span<const i32> values, int width, u8* out) {
  const u64 mask = (u64(1) << width) - 1;
  u64 pending = 0;
  int filled = 0;
  for (const i32 value : values) {
    pending |= (u64(value) & mask) << filled;
    for (filled += width; filled >= 8; filled -= 8) {
      *out++ = u8(pending);
      pending >>= 8;
    }
  }
  if (filled > 0) *out = u8(pending);
}

// Read n values from bytes(n, width) bytes.
inline void unpack(const u8* data, int width, Span<i32> values) {
  const u64 mask = (u64(1) << width) - 1;
  const i64 size = bytes(values.n, width);
  for (i64 i = 0; i < values.n; ++i) {
    const i64 bit = i * width, at = bit >> 3;
    u64 word = 0;
    if (at + 8 <= size)
      word = load_little<u64>(data + at);
    else
      for (i64 octet = at; octet < size; ++octet) word |= u64(data[octet]) << (8 * (octet - at));
    values[i] = i32(word >> (bit & 7) & mask);
  }
}

}  // namespace fedras::bits
