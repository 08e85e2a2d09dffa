#include "coding/principal.hpp"

#include <algorithm>
#include <cmath>

#include "coding/unit.hpp"

namespace fedras::principal {

namespace {

constexpr int POWER_ITERATIONS = 24;

}  // namespace

void leading(Matrix<const f32> x, i64 r, int bits, std::vector<std::vector<i32>>& whole, std::vector<f32>& vectors) {
  const i64 d = x.columns;
  std::vector<f64> gram(size_t(d * d), 0.0), v(static_cast<size_t>(d)), next(static_cast<size_t>(d));
  for (i64 i = 0; i < x.rows; ++i)
    for (i64 a = 0; a < d; ++a) {
      const f64 own = x[i][a];
      f64* row = gram.data() + a * d;
      for (i64 b = 0; b < d; ++b) row[b] += own * x[i][b];
    }
  std::vector<f32> single(static_cast<size_t>(d));
  for (i64 j = 0; j < r; ++j) {
    i64 longest = 0;
    for (i64 a = 1; a < d; ++a)
      if (gram[size_t(a * d + a)] > gram[size_t(longest * d + longest)]) longest = a;
    for (i64 a = 0; a < d; ++a) v[size_t(a)] = gram[size_t(longest * d + a)];
    f64 most = 0;
    for (int turn = 0; turn <= POWER_ITERATIONS; ++turn) {
      most = 0;
      for (const f64 each : v) most = std::max(most, std::abs(each));
      if (!(most > 0) || turn == POWER_ITERATIONS) break;
      for (f64& each : v) each /= most;
      std::fill(next.begin(), next.end(), 0.0);
      for (i64 a = 0; a < d; ++a) {
        const f64 own = v[size_t(a)];
        const f64* row = gram.data() + a * d;
        for (i64 b = 0; b < d; ++b) next[size_t(b)] += own * row[b];
      }
      v = next;
    }
    if (!(most > 0)) return;
    for (i64 a = 0; a < d; ++a) single[size_t(a)] = f32(v[size_t(a)] / most);
    whole.emplace_back(size_t(d));
    unit::quantise(single.data(), d, bits, whole.back().data());
    vectors.resize(vectors.size() + size_t(d));
    const f32* unit_vector = vectors.data() + vectors.size() - d;
    unit::normalise(whole.back().data(), d, vectors.data() + vectors.size() - d);
    // Take the direction off the matrix: X (I - u u') has this Gram matrix.
    std::vector<f64> along(size_t(d), 0.0);
    f64 both = 0;
    for (i64 a = 0; a < d; ++a)
      for (i64 b = 0; b < d; ++b) along[size_t(a)] += gram[size_t(a * d + b)] * unit_vector[b];
    for (i64 a = 0; a < d; ++a) both += along[size_t(a)] * unit_vector[a];
    for (i64 a = 0; a < d; ++a)
      for (i64 b = 0; b < d; ++b)
        gram[size_t(a * d + b)] += both * unit_vector[a] * unit_vector[b] -
                                   along[size_t(a)] * unit_vector[b] - unit_vector[a] * along[size_t(b)];
  }
}

f64 coordinates(Matrix<const f32> x, const std::vector<f32>& vectors, std::vector<f64>& out) {
  const i64 d = x.columns, r = i64(vectors.size()) / d;
  out.assign(size_t(r * x.rows), 0.0);
  std::vector<f64> rest(static_cast<size_t>(d));
  f64 left = 0;
  for (i64 i = 0; i < x.rows; ++i) {
    for (i64 a = 0; a < d; ++a) rest[size_t(a)] = x[i][a];
    for (i64 j = 0; j < r; ++j) {
      const f32* u = vectors.data() + j * d;
      f64 along = 0;
      for (i64 a = 0; a < d; ++a) along += rest[size_t(a)] * u[a];
      for (i64 a = 0; a < d; ++a) rest[size_t(a)] -= along * u[a];
      out[size_t(j * x.rows + i)] = along;
    }
    for (const f64 each : rest) left += each * each;
  }
  return left;
}

}  // namespace fedras::principal
