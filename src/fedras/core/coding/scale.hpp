// Sizes in a byte: 0, or 2^((k - 160) / 8) for k in [1, 255], from 1e-6 to 3,756.
#pragma once

#include <cmath>

#include "common/view.hpp"

namespace fedras::scale {

// 2^(i / 16), correctly rounded.
constexpr f64 ROOTS[16] = {
    1.0,                0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
    0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0,
    0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
    0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};

inline f64 value(u8 k) { return k == 0 ? 0.0 : std::ldexp(ROOTS[2 * (k & 7)], (k >> 3) - 20); }

// The byte whose value is nearest to x in proportion; 0 where x is no positive number.
inline u8 byte_of(f64 x) {
  if (!(x > 0)) return 0;
  if (x >= value(255)) return 255;
  if (x <= value(1)) return 1;
  int exponent;
  const f64 mantissa = 2 * std::frexp(x, &exponent);  // in [1, 2)
  int eighth = 0;
  while (eighth < 8 && mantissa >= ROOTS[2 * eighth + 1]) ++eighth;
  return u8(8 * (exponent - 1 + 20) + eighth);
}

}  // namespace fedras::scale
