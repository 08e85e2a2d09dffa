// Inner products of one vector with many, four of them side by side, with the bits of `dot`.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "common/lanes.hpp"

namespace fedras {

// `fold` of the sixteen lanes of four vectors, of which the halves of halves are added up already.
inline Four fold(Four a, Four b, Four c, Four d) {
#if defined(__SSE2__)
  const Four ab = Four(_mm_movelh_ps(a, b)) + Four(_mm_movehl_ps(b, a));
  const Four cd = Four(_mm_movelh_ps(c, d)) + Four(_mm_movehl_ps(d, c));
  return Four(_mm_shuffle_ps(ab, cd, 0x88)) + Four(_mm_shuffle_ps(ab, cd, 0xdd));
#else
  const Four first{a[0], b[0], c[0], d[0]}, second{a[1], b[1], c[1], d[1]};
  const Four third{a[2], b[2], c[2], d[2]}, fourth{a[3], b[3], c[3], d[3]};
  return (first + third) + (second + fourth);
#endif
}

// Half of the lanes added to the other half.
inline Four halved(Eight lanes) {
  Four low, high;
  std::memcpy(&low, &lanes, sizeof low);
  std::memcpy(&high, reinterpret_cast<const char*>(&lanes) + sizeof low, sizeof high);
  return low + high;
}

// out[i] = the inner product of float32[d] with the vector of d numbers at row(i), for each of n.
template <class Row>
inline void dots(const f32* vector, i64 d, i64 n, Row row, f32* out) {
  const i64 whole = d & -LANES;
  i64 i = 0;
  for (; i + 4 <= n; i += 4) {
    const f32* rows[4] = {row(i), row(i + 1), row(i + 2), row(i + 3)};
    Eight low[4] = {}, high[4] = {};
    for (i64 f = 0; f < whole; f += LANES) {
      const Eight one = load(vector + f), other = load(vector + f + 8);
      for (int r = 0; r < 4; ++r) {
        low[r] += one * load(rows[r] + f);
        high[r] += other * load(rows[r] + f + 8);
      }
    }
    Four four[4];
    for (int r = 0; r < 4; ++r) four[r] = halved(low[r] + high[r]);
    Four total = fold(four[0], four[1], four[2], four[3]);
    for (i64 f = whole; f < d; ++f)
      total += vector[f] * Four{rows[0][f], rows[1][f], rows[2][f], rows[3][f]};
    std::memcpy(out + i, &total, sizeof total);
  }
  for (; i < n; ++i) out[i] = dot(vector, row(i), d);
}

}  // namespace fedras
