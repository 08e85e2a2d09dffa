// What a user's latest items come to: a sum of rows in which the last one weighs most.
#pragma once

#include "common/lanes.hpp"

namespace fedras {

// out = the sum of decay^age times the row of an item, float32[d]; the last item has age 0, the one
// before it age 1. Added up from the oldest item on.
inline void fading_sum(Matrix<const f32> rows, Span<const i32> items, f32 decay, f32* out) {
  for (i64 f = 0; f < rows.columns; ++f) out[f] = 0.0f;
  for (const i32 item : items) combine(out, decay, out, 1.0f, rows[item], rows.columns);
}

}  // namespace fedras
