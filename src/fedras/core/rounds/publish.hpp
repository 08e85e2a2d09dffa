// The server's coding of its update by adaptive cluster-and-split (paper, section 4.3), in one call: K-means,
// splits, means, coding and framing. The bytes are those of `FedRAS.compress`.
#pragma once

#include "coding/actions.hpp"

namespace fedras {

struct Adaptive {
  i64 fewest, expected, most;  // groups: to begin with, where their quality is recorded, at the end
  f64 threshold;               // of their quality, as `split` takes it
  i64 iterations;              // of Lloyd's algorithm
};

struct Published {
  std::vector<u8> payload;
  f64 recorded = 0;  // the smallest quality at the expected number of groups
};

// Code an update of a matrix of `size` rows: int32[n], strictly increasing, and float32[n, d], no row all
// zero. False where a number to be sent is not finite.
bool publish(Span<const i32> rows, Matrix<const f32> values, const Adaptive& how, const actions::Format& format,
             i64 size, i64 round, u64 key, Published& out);

}  // namespace fedras
