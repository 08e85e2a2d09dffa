#include "common/product.hpp"

#include <cstring>

#include "common/processor.hpp"

namespace fedras {

namespace {

enum class Finish { NOTHING, RECTIFY, GATE };  // what is done with sums before they are written

// A product, or the outer products of rows, which is the product with a turned: the term k of what is
// at (row, column) is a[row][k] b[k][column], or a[k][row] b[k][column].
struct Task {
  const f32* start;  // of each sum; null: 0
  i64 start_stride;
  Matrix<const f32> a, b, gate;
  Matrix<f32> out;
  i64 terms;
};

// Where a tile's numbers are.
struct Place {
  const f32 *start, *left, *right, *gate;
  f32* out;
  i64 start_stride, left_stride, right_stride, gate_stride, out_stride, terms;

  Place(const Task& task, i64 row, i64 column, bool turned)
      : start(task.start ? task.start + row * task.start_stride + column : nullptr),
        left(turned ? task.a.data + row : task.a[row]),
        right(task.b.data + column),
        gate(task.gate.data ? task.gate[row] + column : task.b.data),
        out(task.out[row] + column),
        start_stride(task.start_stride),
        left_stride(task.a.stride),
        right_stride(task.b.stride),
        gate_stride(task.gate.stride),
        out_stride(task.out.stride),
        terms(task.terms) {}
};

template <Finish finish>
Eight finished(Eight x, const f32* gate) {
  if constexpr (finish == Finish::RECTIFY) return Eight{} > x ? Eight{} : x;
  if constexpr (finish == Finish::GATE) return load(gate) > Eight{} ? x : Eight{};
  return x;
}

// Tiles of four rows and sixteen columns: as many sums as sixteen registers leave room for.
struct Tiles {
  template <bool turned, Finish finish>
  static void write(const Task& task, i64 row, i64 column) {
    Place at(task, row, column, turned);
    Eight sums[4][2] = {};
    for (int r = 0; at.start && r < 4; ++r)
      for (int v = 0; v < 2; ++v) sums[r][v] = load(at.start + r * at.start_stride + 8 * v);
    for (i64 k = 0; k < at.terms; ++k) {
      const Eight x[2] = {load(at.right), load(at.right + 8)};
      for (int r = 0; r < 4; ++r)
        for (int v = 0; v < 2; ++v)
          sums[r][v] = fused(spread(at.left[turned ? r : r * at.left_stride]), x[v], sums[r][v]);
      at.right += at.right_stride;
      at.left += turned ? at.left_stride : 1;
    }
    for (int r = 0; r < 4; ++r)
      for (int v = 0; v < 2; ++v)
        store(at.out + r * at.out_stride + 8 * v,
              finished<finish>(sums[r][v], at.gate + r * at.gate_stride + 8 * v));
  }

  template <bool turned, Finish finish>
  static void all(const Task& task, i64 rows) {
    for (i64 row = 0; row < rows; row += 4)
      for (i64 column = 0; column < task.b.columns; column += LANES) write<turned, finish>(task, row, column);
  }
};

#if defined(__FMA__)
#define FEDRAS_512 __attribute__((target("avx512f")))

template <Finish finish>
FEDRAS_512 inline __m512 finished(__m512 x, const f32* gate) {
  const __m512 zero = _mm512_setzero_ps();
  if constexpr (finish == Finish::RECTIFY) return _mm512_maskz_max_ps(0xFFFF, zero, x);
  if constexpr (finish == Finish::GATE)
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_loadu_ps(gate), zero, _CMP_GT_OQ), x);
  return x;
}

// Tiles of eight rows and sixteen or thirty-two columns, for processors with AVX-512: twice as fast.
struct LargeTiles {
  template <int vectors, bool turned, Finish finish>
  FEDRAS_512 static void write(const Task& task, i64 row, i64 column) {
    Place at(task, row, column, turned);
    __m512 sums[8][vectors];
    for (int r = 0; r < 8; ++r)
      for (int v = 0; v < vectors; ++v)
        sums[r][v] = at.start ? _mm512_loadu_ps(at.start + r * at.start_stride + LANES * v)
                              : _mm512_setzero_ps();
    for (i64 k = 0; k < at.terms; ++k) {
      __m512 x[vectors];
      for (int v = 0; v < vectors; ++v) x[v] = _mm512_loadu_ps(at.right + LANES * v);
      for (int r = 0; r < 8; ++r) {
        const __m512 one = _mm512_set1_ps(at.left[turned ? r : r * at.left_stride]);
        for (int v = 0; v < vectors; ++v) sums[r][v] = _mm512_fmadd_ps(one, x[v], sums[r][v]);
      }
      at.right += at.right_stride;
      at.left += turned ? at.left_stride : 1;
    }
    for (int r = 0; r < 8; ++r)
      for (int v = 0; v < vectors; ++v)
        _mm512_storeu_ps(at.out + r * at.out_stride + LANES * v,
                         finished<finish>(sums[r][v], at.gate + r * at.gate_stride + LANES * v));
  }

  template <bool turned, Finish finish>
  FEDRAS_512 static void all(const Task& task, i64 rows) {
    for (i64 row = 0; row < rows; row += ROWS) {
      i64 column = 0;
      for (; column + 2 * LANES <= task.b.columns; column += 2 * LANES)
        write<2, turned, finish>(task, row, column);
      if (column < task.b.columns) write<1, turned, finish>(task, row, column);
    }
  }
};

#endif

template <bool turned, Finish finish>
void write_all(const Task& task, i64 rows) {
#if defined(__FMA__)
  if (may_use_avx512()) return LargeTiles::all<turned, finish>(task, rows);
#endif
  Tiles::all<turned, finish>(task, rows);
}

}  // namespace

void product(const f32* start, Matrix<const f32> a, Matrix<const f32> b, Matrix<f32> out, i64 n) {
  write_all<false, Finish::NOTHING>({start, 0, a, b, {}, out, b.rows}, n);
}

void rectified_product(const f32* start, Matrix<const f32> a, Matrix<const f32> b, Matrix<f32> out, i64 n) {
  write_all<false, Finish::RECTIFY>({start, 0, a, b, {}, out, b.rows}, n);
}

void gated_product(Matrix<const f32> a, Matrix<const f32> b, Matrix<const f32> gate, Matrix<f32> out,
                   i64 n) {
  write_all<false, Finish::GATE>({nullptr, 0, a, b, gate, out, b.rows}, n);
}

void add_outer(Matrix<const f32> a, Matrix<const f32> b, Matrix<f32> out, i64 n) {
  write_all<true, Finish::NOTHING>({out.data, out.stride, a, b, {}, out, n}, out.rows);
}

}  // namespace fedras
