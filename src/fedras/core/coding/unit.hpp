// Directions in few bits a number: whole numbers, of which only the proportions count.
#pragma once

#include "coding/bits.hpp"
#include "common/lanes.hpp"

namespace fedras::unit {

constexpr int LEAST_BITS = 2, MOST_BITS = 12;

inline i32 top_of(int bits) { return (1 << (bits - 1)) - 1; }

// Make whole numbers in [-top, top] of d numbers, the largest of which becomes top.
inline void quantise(const f32* vector, i64 d, int bits, i32* out) {
  f32 most = 0;
  for (i64 a = 0; a < d; ++a) most = std::max(most, std::abs(vector[a]));
  const i32 top = top_of(bits);
  for (i64 a = 0; a < d; ++a)
    out[a] = most > 0 ? i32(std::nearbyint(f64(vector[a]) / f64(most) * top)) : 0;
}

// The vector of length 1 that whole numbers stand for; zeros where they are all 0.
inline void normalise(const i32* whole, i64 d, f32* out) {
  i64 squares = 0;
  for (i64 a = 0; a < d; ++a) squares += i64(whole[a]) * whole[a];
  const f64 length = std::sqrt(f64(squares));
  for (i64 a = 0; a < d; ++a) out[a] = squares > 0 ? f32(f64(whole[a]) / length) : 0.0f;
}

inline void append(std::vector<i32> whole, int bits, std::vector<u8>& out) {
  for (i32& each : whole) each += top_of(bits);
  const size_t at = out.size();
  out.resize(at + size_t(bits::bytes(i64(whole.size()), bits)));
  bits::pack(whole, bits, out.data() + at);
}

// Read what `append` wrote; false where a number is beyond the largest.
inline bool read(const u8* data, int bits, std::vector<i32>& whole) {
  bits::unpack(data, bits, whole);
  for (i32& each : whole) each -= top_of(bits);
  return *std::max_element(whole.begin(), whole.end()) <= top_of(bits);
}

}  // namespace fedras::unit
