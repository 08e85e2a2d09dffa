#include "training/lightfr.hpp"

#include <algorithm>
#include <cmath>

namespace fedras {

namespace {

constexpr u64 FIRST_COUNTER = u64(1) << 63;

i64 sign(f32 x) { return x < 0 ? -1 : 1; }

// -x where `minus` is -1, x where it is 0; multiplications of 64 bits take long.
template <class Int>
Int negated(Int x, Int minus) {
  return (x ^ minus) - minus;
}

}  // namespace

LightFrTrainer::LightFrTrainer(const LightFrSettings& settings, i64 items, i64 length)
    : settings_(settings), sampler_(items), code_(size_t(length)) {}

i64 LightFrTrainer::train(const LightFrClient& client, i32* rows, f32* values) {
  const i64 length = client.vector.n;
  const Samples samples =
      sampler_.draw(client.positives, settings_.negatives, client.key, rows);
  const i64 n = samples.distinct;
  read_signs(client.items, {rows, n});
  weigh(samples);
  std::transform(client.vector.begin(), client.vector.end(), code_.begin(), sign);
  descend(n);
  std::copy(code_.begin(), code_.end(), client.vector.data);
  for (i64 r = 0; r < n; ++r) {
    const f32 along = f32(error_[r]) / f32(length), back = f32(-error_[r]) / f32(length);
    for (i64 f = 0; f < length; ++f) values[r * length + f] = code_[f] < 0 ? back : along;
  }
  return n;
}

// The signs of the rows as columns, which the descent sums over; of a few rows at a time, because the
// columns lie far apart.
void LightFrTrainer::read_signs(Matrix<const f32> items, Span<const i32> rows) {
  constexpr i64 FEW = 16;
  const i64 n = rows.n;
  minus_.resize(size_t(items.columns * n));
  for (i64 first = 0; first < n; first += FEW) {
    const i64 few = std::min(n - first, FEW);
    const f32* from[FEW];
    for (i64 r = 0; r < few; ++r) from[r] = items[rows[first + r]];
    std::int8_t* minus = minus_.data() + first;
    for (i64 f = 0; f < items.columns; ++f, minus += n)
      for (i64 r = 0; r < few; ++r) minus[r] = -(from[r][f] < 0);
  }
}

// The label of each item, and its weight: its share of positives or negatives. A positive counts as
// often as there are negatives to it, so that all weights are whole numbers.
void LightFrTrainer::weigh(const Samples& samples) {
  const i64 positives = samples.positives;
  const i64 share =
      positives > 0 ? std::max<i64>(1, (samples.rows.n - positives) / positives) : 1;
  labels_.assign(size_t(samples.distinct), -1);
  weights_.assign(size_t(samples.distinct), 0);
  for (i64 i = 0; i < samples.rows.n; ++i) {
    weights_[samples.rows[i]] += i < positives ? share : 1;
    if (i < positives) labels_[samples.rows[i]] = 1;
  }
}

// How much is wrong with each item.
void LightFrTrainer::measure(i64 n) {
  const i64 length = i64(code_.size());
  error_.resize(size_t(n));
  for (i64 r = 0; r < n; ++r) error_[r] = i32(length) * labels_[r];
  i32* error = error_.data();
  for (i64 f = 0; f < length; ++f) {
    const std::int8_t* minus = minus_.data() + f * n;
    const i32 own = i32(code_[f]);
    for (i64 r = 0; r < n; ++r) error[r] -= negated(own, i32(minus[r]));
  }
}

// Set one bit of the code after another to its optimum until none changes.
void LightFrTrainer::descend(i64 n) {
  measure(n);
  pull_.resize(size_t(n));
  i64 total = 0;
  for (i64 r = 0; r < n; ++r) {
    pull_[r] = weights_[r] * error_[r];
    total += weights_[r];
  }
  for (i64 sweep = 0; sweep < settings_.sweeps; ++sweep) {
    bool changed = false;
    for (i64 f = 0; f < i64(code_.size()); ++f) changed |= improve(f, n, total);
    if (!changed) break;
  }
  measure(n);
}

// Set one bit; a tie leaves it as it is.
bool LightFrTrainer::improve(i64 bit, i64 n, i64 total) {
  const std::int8_t* minus = minus_.data() + bit * n;
  const i64 *weights = weights_.data();
  i64* pull = pull_.data();
  const i64 before = code_[bit];
  i64 slope = before * total;
  for (i64 r = 0; r < n; ++r) slope += negated(pull[r], i64(minus[r]));
  if (slope * before >= 0) return false;
  code_[bit] = -before;
  for (i64 r = 0; r < n; ++r) pull[r] += negated(weights[r], i64(minus[r])) * (2 * before);
  return true;
}

void draw_votes(Matrix<const f32> step, u64 key, bool* kept) {
  std::vector<f64> length(size_t(step.rows), 0.0);
  f64 longest = 0.0;
  for (i64 r = 0; r < step.rows; ++r) {
    for (i64 f = 0; f < step.columns; ++f) length[r] += std::fabs(step[r][f]);
    longest = std::max(longest, length[r]);
  }
  for (i64 r = 0; r < step.rows; ++r)
    kept[r] = uniform(key, FIRST_COUNTER + u64(r)) * longest < length[r];
}

}  // namespace fedras
