// Whether numbers are numbers, and how large they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/view.hpp"

namespace fedras {

// Whether none of n numbers is beyond `largest` or NaN.
inline bool all_within(const f32* values, i64 n, f32 largest) {
  i32 bad = 0;
  for (i64 i = 0; i < n; ++i) bad |= !(std::fabs(values[i]) <= largest);
  return bad == 0;
}

// The largest magnitude of n numbers, none of them NaN; 0 of none. Without their signs they are in the
// order of their bit patterns, of which the maximum vectorises.
inline f32 largest_magnitude(const f32* values, i64 n) {
  i32 most = 0;
  for (i64 i = 0; i < n; ++i) {
    i32 pattern;
    std::memcpy(&pattern, values + i, sizeof pattern);
    most = std::max(most, pattern & 0x7FFFFFFF);
  }
  f32 largest;
  std::memcpy(&largest, &most, sizeof largest);
  return largest;
}

}  // namespace fedras
