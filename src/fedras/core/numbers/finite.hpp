// Whether numbers are numbers.
#pragma once

#include <cmath>

#include "common/view.hpp"

namespace fedras {

// Whether none of n numbers is beyond `largest` or NaN.
inline bool all_within(const f32* values, i64 n, f32 largest) {
  i32 bad = 0;
  for (i64 i = 0; i < n; ++i) bad |= !(std::fabs(values[i]) <= largest);
  return bad == 0;
}

}  // namespace fedras
