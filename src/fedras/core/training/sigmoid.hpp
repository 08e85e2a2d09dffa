// The logistic function of many numbers at once.
//
// A call of the mathematical library for each number takes most of a training step's time; arithmetic
// alone goes eight numbers side by side.
#pragma once

#include "common/lanes.hpp"

namespace fedras {

// 1 / (1 + exp(-x)), within 1e-7.
//
// exp(z) = 2^k exp(r) with |r| <= log(2) / 2, and a polynomial for exp(r), both as in `expf` of the
// Cephes library (S. L. Moshier, 1989).
inline Eight sigmoid(Eight x) {
  const Eight most = spread(87.0f);  // exp of more overflows
  const Eight rounder = spread(0x1.8p23f);  // added and taken away, it rounds to a whole number
  const Eight one = spread(1.0f);
  Eight z = -x;
  z = -most > z ? -most : z;
  z = most < z ? most : z;
  const Eight shifted = z * spread(1.4426950408889634f) + rounder, k = shifted - rounder;
  const Eight r = (z - k * spread(0.693359375f)) - k * spread(-2.12194440e-4f);
  Eight p = spread(1.9875691500e-4f);
  for (const f32 next : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
                         5.0000001201e-1f})
    p = p * r + spread(next);
  // The last bits of `shifted` are k: with the exponent's bias, in its place, they are 2^k.
  typedef u32 Bits __attribute__((vector_size(32)));
  Bits bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127u) << 23;
  Eight power;
  std::memcpy(&power, &bits, sizeof power);
  return one / (one + (p * r * r + r + one) * power);
}

// Make 1 / (1 + exp(-x)) of each of n numbers, in place.
inline void sigmoid(f32* x, i64 n) {
  const i64 whole = n & -i64(8);
  for (i64 i = 0; i < whole; i += 8) store(x + i, sigmoid(load(x + i)));
  if (whole == n) return;
  Eight rest{};
  std::memcpy(&rest, x + whole, sizeof(f32) * (n - whole));
  rest = sigmoid(rest);
  std::memcpy(x + whole, &rest, sizeof(f32) * (n - whole));
}

}  // namespace fedras
