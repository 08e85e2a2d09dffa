#include "coding/steps.hpp"

#include <cmath>

#include "coding/scale.hpp"
#include "training/sigmoid.hpp"

namespace fedras::direction {

namespace {

constexpr i64 A_FEW = 48;  // rows of a side, which tell its steepness well enough

Fit fitted(const Side (&sides)[2], f32 steepness, std::vector<f32>& s) {
  Fit fit{{0, 0}, 0};
  for (int side = 0; side < 2; ++side) {
    const Side& own = sides[side];
    const i64 n = i64(own.rows.size());
    s.assign(own.z.begin(), own.z.end());
    // 1 - s is the logistic function of the opposite.
    for (f32& each : s) each *= side == 0 ? -steepness : steepness;
    sigmoid(s.data(), n);
    const auto first = [](auto x, auto) { return x; };
    const f64 shares = sum_of(s.data(), s.data(), n, first);
    const f64 moved = sum_of(own.c.data(), own.c.data(), n, first);
    fit.gains[side] = scale::byte_of(shares > 0 ? std::abs(moved) / shares : 0);
    const f64 gain = scale::value(fit.gains[side]) * (side == 0 ? 1 : -1);
    fit.lost += gain * (gain * dot(s.data(), s.data(), n) - 2 * f64(dot(own.c.data(), s.data(), n)));
  }
  return fit;
}

}  // namespace

u8 steepness(const Side (&sides)[2], Fit& best) {
  std::vector<f32> room;
  int at = 0;
  const auto attempt = [&](const Side (&among)[2], int k) {
    const Fit fit = fitted(among, f32(scale::value(u8(k))), room);
    if (k == 0 || fit.lost < best.lost) best = fit, at = k;
  };
  const Side few[2] = {sides[0].some(A_FEW), sides[1].some(A_FEW)};
  attempt(few, 0);
  for (int k = 104; k <= 240; k += 16) attempt(few, k);
  for (int step = 8; step > 1 && at > 0; step /= 2) {
    const int middle = at;
    attempt(few, middle - step);
    attempt(few, middle + step);
  }
  best = fitted(sides, f32(scale::value(u8(at))), room);
  return u8(at);
}

}  // namespace fedras::direction
