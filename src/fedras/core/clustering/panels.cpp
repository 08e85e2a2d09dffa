#include "clustering/panels.hpp"

#include "common/processor.hpp"

namespace fedras {

namespace {

// Let R rows meet the vectors of panel p; see `lead` for self.
template <int R>
void meet(const f32* rows, i64 stride, const Panels& vectors, i64 p, i32 self, Leader* leaders) {
  Tile<R> tile;
  const f32* panel = vectors.panel(p);
  tile.begin(panel - LANES);
  tile.add(rows, stride, panel, vectors.terms);
  const EightInts at = EightInts{0, 1, 2, 3, 4, 5, 6, 7} + i32(p * LANES);
  if (self >= 0)
    for (int r = 0; r < R; ++r) {
      tile.low[r] = at == self + r ? spread(NOBODY) : tile.low[r];
      tile.high[r] = at + 8 == self + r ? spread(NOBODY) : tile.high[r];
    }
  for (int r = 0; r < R; ++r) leaders[r].meet(tile.low[r], tile.high[r], at);
}

#if defined(__AVX2__)

// The same for eight rows, where the processor has registers of sixteen numbers.
__attribute__((target("avx512f"))) void meet_wide(const f32* rows, i64 stride, const Panels& vectors, i64 p,
                                                  i32 self, Leader* leaders) {
  const f32* panel = vectors.panel(p);
  __m512 sums[8];
  for (int r = 0; r < 8; ++r) sums[r] = _mm512_loadu_ps(panel - LANES);
  for (i64 k = 0; k < vectors.terms; ++k) {
    const __m512 right = _mm512_loadu_ps(panel + k * LANES);
    for (int r = 0; r < 8; ++r) sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(rows[r * stride + k]), right, sums[r]);
  }
  const __m512i at = _mm512_add_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                      _mm512_set1_epi32(i32(p * LANES)));
  for (int r = 0; r < 8; ++r) {
    f32* best = reinterpret_cast<f32*>(&leaders[r].low);
    i32* whose = reinterpret_cast<i32*>(&leaders[r].low_at);
    __mmask16 take = _mm512_cmp_ps_mask(sums[r], _mm512_loadu_ps(best), _CMP_GT_OQ);
    if (self >= 0) take = take & _mm512_cmpneq_epi32_mask(at, _mm512_set1_epi32(self + r));
    _mm512_mask_storeu_ps(best, take, sums[r]);
    _mm512_mask_storeu_epi32(whose, take, at);
  }
}

#endif

}  // namespace

void lead(Matrix<const f32> rows, const Panels& vectors, i64 first, i32 self, Leader* leaders) {
  const auto own = [&](i64 r) { return self < 0 ? -1 : self + i32(r); };
  for (i64 r = 0; r < rows.rows; ++r) leaders[r].clear();
  for (i64 p = first; p < vectors.count; ++p) {
    i64 r = 0;
#if defined(__AVX2__)
    if (may_use_avx512())
      for (; r + 8 <= rows.rows; r += 8) meet_wide(rows[r], rows.stride, vectors, p, own(r), leaders + r);
#endif
    for (; r + 4 <= rows.rows; r += 4) meet<4>(rows[r], rows.stride, vectors, p, own(r), leaders + r);
    for (; r < rows.rows; ++r) meet<1>(rows[r], rows.stride, vectors, p, own(r), leaders + r);
  }
}

}  // namespace fedras
