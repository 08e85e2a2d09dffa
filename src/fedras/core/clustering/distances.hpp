// Squared distances of rows to one vector, four rows side by side: what each waits for is done for the
// others meanwhile. The bits are those of `squared_distance`.
#pragma once

#include "common/lanes.hpp"
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace fedras {

// `fold` of four rows.
inline void fold_four(const Eight* low, const Eight* high, f32* out) {
#if defined(__AVX__)
  __m128 four[4];
  for (int r = 0; r < 4; ++r) {
    const __m256 eight = low[r] + high[r];
    four[r] = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  }
  const auto halves = [](__m128 a, __m128 b) {  // two lanes of each are left
    return _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
  };
  const __m128 one = halves(four[0], four[1]), other = halves(four[2], four[3]);
  _mm_storeu_ps(out, _mm_add_ps(_mm_shuffle_ps(one, other, 0x88), _mm_shuffle_ps(one, other, 0xDD)));
#else
  for (int r = 0; r < 4; ++r) out[r] = fold(low[r], high[r]);
#endif
}

inline void squared_distances_of_four(const f32* const rows[4], const f32* centre, i64 n, f32* out) {
  const i64 whole = n & -LANES;
  Eight low[4] = {}, high[4] = {};
  for (i64 i = 0; i < whole; i += LANES) {
    const Eight one = load(centre + i), other = load(centre + i + 8);
    for (int r = 0; r < 4; ++r) {
      const Eight a = load(rows[r] + i) - one, b = load(rows[r] + i + 8) - other;
      low[r] += a * a;
      high[r] += b * b;
    }
  }
  fold_four(low, high, out);
  for (i64 i = whole; i < n; ++i)
    for (int r = 0; r < 4; ++r) {
      const f32 apart = rows[r][i] - centre[i];
      out[r] += apart * apart;
    }
}

// Call take(i, squared distance) for `count` rows, the numbers of which row(0), row(1), ... return.
template <class Row, class Take>
inline void each_squared_distance(Matrix<const f32> x, i64 count, const f32* centre, Row row, Take take) {
  i64 t = 0;
  for (; t + 4 <= count; t += 4) {
    const i64 own[4] = {row(t), row(t + 1), row(t + 2), row(t + 3)};
    const f32* const rows[4] = {x[own[0]], x[own[1]], x[own[2]], x[own[3]]};
    f32 apart[4];
    squared_distances_of_four(rows, centre, x.columns, apart);
    for (int r = 0; r < 4; ++r) take(own[r], apart[r]);
  }
  for (; t < count; ++t) take(row(t), squared_distance(x[row(t)], centre, x.columns));
}

}  // namespace fedras
