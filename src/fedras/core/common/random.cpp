#include "common/random.hpp"

#include <cmath>
#include <cstring>

namespace fedras {

// Logarithm and cosine of our own: those of the mathematical libraries differ in the last bit from
// one system to another. Both carry what rounding loses, so that the result is, but for one in some
// thousands, the double nearest to the true value; a number of type float32 made of it is as good as
// never another.
namespace {

struct Pair {  // a number as the sum of a double and what that leaves
  f64 high, low;
};

Pair add(f64 a, f64 b) {
  const f64 sum = a + b, shifted = sum - a;
  return {sum, (a - (sum - shifted)) + (b - shifted)};
}

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

// The natural logarithm of a normal number in (0, 1]: with s = (m - 1) / (m + 1), log m = 2 atanh s.
f64 logarithm(f64 x) {
  constexpr f64 LOG2_HIGH = 0x1.62e42fefa0000p-1, LOG2_LOW = 0x1.cf79abc9e3b3ap-40;
  i64 exponent;
  const f64 f = power_of_two(x, exponent) - 1.0;
  const Pair below = add(2.0, f);
  const f64 s = f / below.high, left = std::fma(-s, below.high, f) - s * below.low;
  const f64 z = s * s;
  f64 series = 0.0;
  for (int k = 27; k >= 3; k -= 2) series = series * z + 1.0 / k;
  const Pair sum = add(f64(exponent) * LOG2_HIGH, 2.0 * s);
  const f64 rest = 2.0 * (left / below.high) + 2.0 * (s * (z * series)) + f64(exponent) * LOG2_LOW;
  return sum.high + (sum.low + rest);
}

// The cosine of x in [0, 7): the nearest multiple of pi / 2 is taken off in three parts.
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

}  // namespace

f64 normal(u64 key, u64 counter) {
  constexpr f64 PI = 3.141592653589793;
  const f64 radius = std::sqrt(-2.0 * logarithm(1.0 - uniform(key, 2 * counter)));
  return radius * cosine(2.0 * PI * uniform(key, 2 * counter + 1));
}

}  // namespace fedras
