#include "common/elementary.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace fedras {

namespace {

struct Pair {  // a number as the sum of a double and what that leaves
  f64 high, low;
};

Pair add(f64 a, f64 b) {
  const f64 sum = a + b, shifted = sum - a;
  return {sum, (a - (sum - shifted)) + (b - shifted)};
}

constexpr f64 LOG2_HIGH = 0x1.62e42fefa0000p-1, LOG2_LOW = 0x1.cf79abc9e3b3ap-40;

f64 power_of_two(f64 x, i64& exponent) {  // x = m 2^exponent with m in [sqrt(1/2), sqrt(2))
  u64 bits;
  std::memcpy(&bits, &x, sizeof bits);
  exponent = i64(bits >> 52) - 1023;
  bits = (bits & 0x000FFFFFFFFFFFFFu) | 0x3FF0000000000000u;
  std::memcpy(&x, &bits, sizeof x);
  if (x < 0x1.6a09e667f3bcdp0) return x;
  ++exponent;
  return 0.5 * x;
}

// With s = (m - 1) / (m + 1), log m = 2 atanh s.
Pair long_logarithm(f64 x) {
  i64 exponent;
  const f64 f = power_of_two(x, exponent) - 1.0;
  const Pair below = add(2.0, f);
  const f64 s = f / below.high, left = std::fma(-s, below.high, f) - s * below.low;
  const f64 z = s * s;
  f64 series = 0.0;
  for (int k = 27; k >= 3; k -= 2) series = series * z + 1.0 / k;
  const Pair sum = add(f64(exponent) * LOG2_HIGH, 2.0 * s);
  const f64 rest = 2.0 * (left / below.high) + 2.0 * (s * (z * series)) + f64(exponent) * LOG2_LOW;
  return {sum.high, sum.low + rest};
}

// e^x = 2^n e^r with the r nearest to 0: e^r = 1 + r + r^2 / 2! + ...
f64 exponential_of(Pair x) {
  if (x.high > 710.0) return std::numeric_limits<f64>::infinity();
  if (x.high < -746.0) return 0.0;
  const f64 n = std::nearbyint(x.high * 0x1.71547652b82fep0);
  const Pair r = add(x.high - n * LOG2_HIGH, x.low - n * LOG2_LOW);
  f64 series = 0.0;
  for (int k = 14; k >= 3; --k) series = (series + 1.0) * (r.high * (1.0 / k));
  const f64 square = r.high * r.high, lost = std::fma(r.high, r.high, -square);
  const Pair two = add(1.0, r.high), three = add(two.high, 0.5 * square);
  const f64 rest = r.low * two.high + 0.5 * (lost + square * series);
  return std::ldexp(three.high + (three.low + (two.low + rest)), int(n));
}

}  // namespace

f64 logarithm(f64 x) {
  const Pair log = long_logarithm(x);
  return log.high + log.low;
}

f64 exponential(f64 x) { return exponential_of({x, 0.0}); }

f64 power(f64 x, f64 y) {
  const Pair log = long_logarithm(x);
  const f64 product = y * log.high;
  return exponential_of({product, std::fma(y, log.high, -product) + y * log.low});
}

// The nearest multiple of pi / 2 is taken off in three parts.
f64 cosine(f64 x) {
  constexpr f64 FIRST = 0x1.921fb544p0, SECOND = 0x1.0b4611a6p-34, THIRD = 0x1.3198a2e037073p-69;
  const i64 quarter = i64(x * 0x1.45f306dc9c883p-1 + 0.5);
  const f64 n = f64(quarter);
  const Pair once = add(x - n * FIRST, -n * SECOND);
  const Pair r = add(once.high, once.low - n * THIRD);
  const f64 z = r.high * r.high;
  f64 value, series = 0.0;
  if (quarter & 1) {  // sine: r - r^3 / 3! + ...
    for (int k = 21; k >= 3; k -= 2) series = (series * z + 1.0) * (-1.0 / (k * (k - 1)));
    value = r.high + (r.low * (1.0 - 0.5 * z) + r.high * (z * series));
  } else {  // cosine: 1 - r^2 / 2! + ...
    for (int k = 20; k >= 4; k -= 2) series = (series * z + 1.0) * (-1.0 / (k * (k - 1)));
    const f64 rounded = std::fma(r.high, r.high, -z);
    const Pair head = add(1.0, -0.5 * z);
    value = head.high + (head.low - 0.5 * rounded - r.high * r.low - 0.5 * (z * (z * series)));
  }
  const i64 turn = quarter & 3;
  return turn == 1 || turn == 2 ? -value : value;
}

}  // namespace fedras
