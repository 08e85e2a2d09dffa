#include "training/mf.hpp"

#include <algorithm>

#include "common/dots.hpp"
#include "training/sigmoid.hpp"
#include "training/span.hpp"
#include "updates/rows.hpp"

namespace fedras {

MfTrainer::MfTrainer(const MfSettings& settings, i64 items, i64 d)
    : settings_(settings), d_(d), sampler_(items), gradient_(size_t(d)) {}

Matrix<f32> MfTrainer::train(const MfClient& client, i32* rows) {
  const i64 epochs = settings_.epochs;
  const Samples samples =
      sampler_.draw(client.positives, epochs * settings_.negatives, client.key, rows);
  begin(client.items, {rows, samples.distinct});
  const f64 rate = settings_.rate;
  const f64 decay = rate * (settings_.decay * client.share);
  const f64 row_decay = rate * (settings_.row_decay * client.share);
  const Rates rates{f32(rate), f32(1 - decay), f32(1 - row_decay), f32(row_decay)};
  u64 counter = samples.counter;
  for (i64 epoch = 0; epoch < epochs; ++epoch) {
    list_epoch(samples, epoch, epochs, order_);
    scores_.resize(order_.size());
    const Span<Sample> order(order_);
    counter = shuffle(order, client.key, counter);
    for (i64 start = 0; start < order.n; start += settings_.batch)
      step(client, order.part(start, start + std::min(order.n - start, settings_.batch)), rates);
  }
  return local_;
}

void MfTrainer::begin(Matrix<const f32> items, Span<const i32> own) {
  const i64 lines = (own.n * d_ + 15) / 16;
  if (i64(lines_.size()) < lines) lines_.resize(size_t(lines));
  local_ = {reinterpret_cast<f32*>(lines_.data()), own.n, d_};
  rows_.resize(size_t(own.n));
  moves_.resize(size_t(own.n));
  touched_.resize(size_t(own.n + 1));
  for (i64 r = 0; r < own.n; ++r) rows_[r] = {items[own[r]], 0.0f, 0};
}

// The user's vector moves by the mean gradient of the batch, an item's row by the mean over its own
// occurrences in the batch; both shrink by the learning rate times their weight decay at each step
// that moves them.
void MfTrainer::step(const MfClient& client, Span<const Sample> batch, const Rates& rates) {
  f32* vector = client.vector.data;
  dots(vector, d_, batch.n, [&](i64 i) { return rows_[batch[i].row].numbers; }, scores_.data());
  sigmoid(scores_.data(), batch.n);
  const auto moves = tally(batch, rates.rate);
  const f32 mean = rates.rate / f32(batch.n);
  if (client.span.rows > 0) {
    move_within(moves, client, mean, rates);
  } else {
    i64 column = 0;
    for (; column + 64 <= d_; column += 64) move<Eight, 8>(moves, column, vector, mean, rates);
    for (; column + 32 <= d_; column += 32) move<Eight, 4>(moves, column, vector, mean, rates);
    for (; column + 8 <= d_; column += 8) move<Eight, 1>(moves, column, vector, mean, rates);
    for (; column < d_; ++column) move<f32, 1>(moves, column, vector, mean, rates);
  }
  if (settings_.biased) vector[d_ - 1] = 1.0f;
}

// Add up by row how wrong its samples are and how many; then list how the rows move.
Span<const MfTrainer::Move> MfTrainer::tally(Span<const Sample> batch, f32 rate) {
  i64 n = 0;
  for (i64 i = 0; i < batch.n; ++i) {
    const auto [row, label] = batch[i];
    Row& own = rows_[row];
    touched_[n] = row;  // without a branch, which would be taken at random
    n += own.seen == 0;
    own.error += scores_[i] - label;
    ++own.seen;
  }
  for (i64 t = 0; t < n; ++t) {
    Row& own = rows_[touched_[t]];
    f32* to = local_[touched_[t]];
    moves_[t] = {own.numbers, to, own.error, rate * own.error / f32(own.seen)};
    own = {to, 0.0f, 0};
  }
  return {moves_.data(), n};
}

// Move the rows and the vector in some of their columns, which stay in registers.
template <class Numbers, int count>
void MfTrainer::move(Span<const Move> moves, i64 column, f32* vector, f32 step, const Rates& rates) {
  constexpr i64 width = sizeof(Numbers) / sizeof(f32);
  const f32 keep = rates.row_keep;
  Numbers user[count], gradient[count] = {};
  std::memcpy(user, vector + column, sizeof user);
  for (const Move& move : moves) {
    const f32 error = move.error, back = -move.step;
    const f32* from = move.from + column;
    f32* to = move.to + column;
    for (int k = 0; k < count; ++k) {
      Numbers x;
      std::memcpy(&x, from + k * width, sizeof x);
      gradient[k] += error * x;
      x = keep * x + back * user[k];
      std::memcpy(to + k * width, &x, sizeof x);
    }
  }
  for (int k = 0; k < count; ++k) user[k] = rates.keep * user[k] + -step * gradient[k];
  std::memcpy(vector + column, user, sizeof user);
}

void MfTrainer::move_within(Span<const Move> moves, const MfClient& client, f32 step,
                            const Rates& rates) {
  f32 *vector = client.vector.data, *gradient = gradient_.data();
  std::fill_n(gradient, d_, 0.0f);
  for (const Move& move : moves) {
    combine(gradient, 1.0f, gradient, move.error, move.from, d_);
    if (move.to != move.from) copy(move.to, move.from, d_);
    step_within(client.span, move.to, vector, move.step, rates.shrink);
  }
  combine(vector, rates.keep, vector, -step, gradient, d_);
}

}  // namespace fedras
