// Steps that stay within the span of a few vectors.
#pragma once

#include "common/view.hpp"

namespace fedras {

// Move `item` by the part of -(step * slope + shrink * item) within `span`, in place. `span` is
// float32[r, d], orthonormal vectors, of which zeros do nothing; item and slope are float32[d].
inline void step_within(Matrix<const f32> span, f32* item, const f32* slope, f32 step, f32 shrink) {
  for (i64 k = 0; k < span.rows; ++k) {
    const f32* direction = span[k];
    f32 along = 0.0f;
    for (i64 f = 0; f < span.columns; ++f) along += direction[f] * (step * slope[f] + shrink * item[f]);
    for (i64 f = 0; f < span.columns; ++f) item[f] -= along * direction[f];
  }
}

}  // namespace fedras
