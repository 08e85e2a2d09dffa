#include "training/mf.hpp"

#include <algorithm>

#include "common/dots.hpp"
#include "training/sigmoid.hpp"
#include "training/span.hpp"
#include "updates/rows.hpp"

namespace fedras {

MfTrainer::MfTrainer(const MfSettings& settings, i64 items, i64 d)
    : settings_(settings), d_(d), samples_(items), gradient_(size_t(d)) {}

i64 MfTrainer::train(const MfClient& client, i32* rows, f32* values) {
  const i64 epochs = settings_.epochs;
  const Samples samples =
      draw_samples(client.positives, epochs * settings_.negatives, client.key, rows, samples_);
  make_room(samples.distinct);
  const Span<const i32> own(rows, samples.distinct);
  copy_rows(client.items, own, local_);
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
  write_change(client.items, own, local_, {values, own.n, d_});
  return own.n;
}

void MfTrainer::make_room(i64 rows) {
  const i64 lines = (rows * d_ + 15) / 16;
  if (i64(lines_.size()) < lines) lines_.resize(size_t(lines));
  local_ = {reinterpret_cast<f32*>(lines_.data()), rows, d_};
  if (i64(tallies_.size()) < rows) {
    tallies_.resize(size_t(rows), {0.0f, 0});
    moves_.resize(size_t(rows + 1));
  }
}

// The user's vector moves by the mean gradient of the batch, an item's row by the mean over its own
// occurrences in the batch; both shrink by the learning rate times their weight decay at each step
// that moves them.
void MfTrainer::step(const MfClient& client, Span<const Sample> batch, const Rates& rates) {
  f32* vector = client.vector.data;
  dots(vector, d_, batch.n, [&](i64 i) { return local_[batch[i].row]; }, scores_.data());
  sigmoid(scores_.data(), batch.n);
  const auto moves = tally(batch, rates.rate);
  const f32 mean = rates.rate / f32(batch.n);
  if (client.span.rows > 0) {
    move_within(moves, client, mean, rates);
  } else {
    i64 column = 0;
    for (; column + 32 <= d_; column += 32) move<Eight, 4>(moves, column, vector, mean, rates);
    for (; column + 8 <= d_; column += 8) move<Eight, 1>(moves, column, vector, mean, rates);
    for (; column < d_; ++column) move<f32, 1>(moves, column, vector, mean, rates);
  }
  if (settings_.biased) vector[d_ - 1] = 1.0f;
}

// Add up by row how wrong its samples are and how many; then list how the rows move.
Span<const MfTrainer::Move> MfTrainer::tally(Span<const Sample> batch, f32 rate) {
  Move* moves = moves_.data();
  Tally* tallies = tallies_.data();
  i64 touched = 0;
  for (i64 i = 0; i < batch.n; ++i) {
    const auto [row, label] = batch[i];
    Tally& own = tallies[row];
    moves[touched].row = row;  // without a branch, which would be taken at random
    touched += own.seen == 0;
    own = {own.error + (scores_[i] - label), own.seen + 1};
  }
  for (Move& move : Span<Move>(moves, touched)) {
    Tally& own = tallies[move.row];
    move.error = own.error;
    move.step = rate * own.error / f32(own.seen);
    own = {0.0f, 0};
  }
  return {moves, touched};
}

// Move the rows and the vector in some of their columns, which stay in registers.
template <class Numbers, int count>
void MfTrainer::move(Span<const Move> moves, i64 column, f32* vector, f32 step, const Rates& rates) {
  constexpr i64 width = sizeof(Numbers) / sizeof(f32);
  Numbers user[count], gradient[count] = {};
  std::memcpy(user, vector + column, sizeof user);
  for (const Move& move : moves) {
    f32* item = local_[move.row] + column;
    for (int k = 0; k < count; ++k) {
      Numbers x;
      std::memcpy(&x, item + k * width, sizeof x);
      gradient[k] += move.error * x;
      x = rates.row_keep * x + -move.step * user[k];
      std::memcpy(item + k * width, &x, sizeof x);
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
    f32* item = local_[move.row];
    combine(gradient, 1.0f, gradient, move.error, item, d_);
    step_within(client.span, item, vector, move.step, rates.shrink);
  }
  combine(vector, rates.keep, vector, -step, gradient, d_);
}

}  // namespace fedras
