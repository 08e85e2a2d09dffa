// Scores of items: their inner products with users, each summed as `dot` does.
#pragma once

#include "common/dots.hpp"

namespace fedras {

// out[u][i] = the inner product of float32[B, d] row u and float32[N, d] row i, for i in [first, last).
inline void score_part(Matrix<const f32> vectors, Matrix<const f32> items, i64 first, i64 last,
                       Matrix<f32> out) {
  for (i64 user = 0; user < vectors.rows; ++user)
    dots(vectors[user], items.columns, last - first, [&](i64 i) { return items[first + i]; },
         out[user] + first);
}

// out = the inner products of one user with its own candidates.
inline void score_candidates(const f32* vector, Matrix<const f32> items, Span<const i32> candidates,
                             f32* out) {
  dots(vector, items.columns, candidates.n, [&](i64 k) { return items[candidates[k]]; }, out);
}

}  // namespace fedras
