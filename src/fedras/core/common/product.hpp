// Small matrix products at the speed of the processor's fused multiply-adds.
//
// A tile of the result stays in registers while all its terms are added, which compilers do not arrange
// by themselves. A fused multiply-add is rounded once, and each number is the sum of its terms in their
// order: the bits are the same on every machine and for any shape of the tiles.
#pragma once

#include <cmath>
#if defined(__FMA__)
#include <immintrin.h>
#endif

#include "common/lanes.hpp"

namespace fedras {

constexpr i64 ROWS = 8;  // matrices are filled up to multiples of so many rows and of LANES columns

inline i64 filled_rows(i64 n) { return (n + ROWS - 1) / ROWS * ROWS; }
inline i64 filled_lanes(i64 n) { return (n + LANES - 1) / LANES * LANES; }

// Zeros, filled up to multiples of ROWS and LANES. They start where a vector may: one across two lines
// of the cache takes twice as long to load.
class Filled {
 public:
  Filled() = default;
  Filled(Filled&&) = default;  // a copy would start elsewhere
  Filled& operator=(Filled&&) = default;
  Filled(i64 rows, i64 columns)
      : room_(size_t(filled_rows(rows) * filled_lanes(columns) + LANES), 0.0f),
        rows_(filled_rows(rows)),
        columns_(filled_lanes(columns)) {}
  Matrix<f32> matrix() {
    const auto first = -(reinterpret_cast<std::uintptr_t>(room_.data()) / sizeof(f32)) % u64(LANES);
    return {room_.data() + first, rows_, columns_};
  }
  operator Matrix<f32>() { return matrix(); }

 private:
  std::vector<f32> room_;
  i64 rows_ = 0, columns_ = 0;
};

// x y + z, rounded once.
inline Eight fused(Eight x, Eight y, Eight z) {
#if defined(__FMA__)
  return _mm256_fmadd_ps(x, y, z);
#else
  for (int l = 0; l < 8; ++l) z[l] = std::fma(x[l], y[l], z[l]);
  return z;
#endif
}

// Write start + a b to the first n rows of `out`. `start` is null or float32[m], added to each row; a is
// float32[>= n, >= k], b float32[k, m] and out float32[>= n, m]; m is a multiple of LANES, n of ROWS.
void product(const f32* start, Matrix<const f32> a, Matrix<const f32> b, Matrix<f32> out, i64 n);

// The same, with 0 instead of what is below.
void rectified_product(const f32* start, Matrix<const f32> a, Matrix<const f32> b, Matrix<f32> out, i64 n);

// a b where `gate`, of the shape of `out`, is above 0; 0 elsewhere.
void gated_product(Matrix<const f32> a, Matrix<const f32> b, Matrix<const f32> gate, Matrix<f32> out,
                   i64 n);

// Add to `out` the outer product of each of the first n rows of a and of b: a is float32[>= n, >= r], b
// float32[>= n, m] and out float32[r, m], where r is a multiple of ROWS and m of LANES.
void add_outer(Matrix<const f32> a, Matrix<const f32> b, Matrix<f32> out, i64 n);

}  // namespace fedras
