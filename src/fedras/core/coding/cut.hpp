// Numbers of an update as large as they can be said: the sums of squares of larger ones overflow.
#pragma once

#include <algorithm>
#include <limits>

#include "numbers/finite.hpp"

namespace fedras {

constexpr f32 LARGEST_SAID = 1e15f;

// Cut numbers to LARGEST_SAID, in `room` where any is beyond; false where one is not finite.
inline bool cut(Matrix<const f32>& values, std::vector<f32>& room) {
  const Span<const f32> numbers{values.data, values.rows * values.columns};
  if (!all_within(numbers.data, numbers.n, std::numeric_limits<f32>::max())) return false;
  if (all_within(numbers.data, numbers.n, LARGEST_SAID)) return true;
  for (const f32 each : numbers) room.push_back(std::clamp(each, -LARGEST_SAID, LARGEST_SAID));
  values = {room.data(), values.rows, values.columns};
  return true;
}

}  // namespace fedras
