#include "training/ncf.hpp"

#include <algorithm>

#include "common/threads.hpp"
#include "training/span.hpp"
#include "updates/rows.hpp"

namespace fedras {

NcfTrainer::NcfTrainer(const NcfSettings& settings, i64 items, i64 d)
    : settings_(settings),
      d_(d),
      sampler_(items),
      network_(d),
      hidden_(d),
      by_hidden_(d),
      slopes_(d),
      by_vector_(size_t(d)) {}

i64 NcfTrainer::train(const NcfClient& client, i32* rows, f32* values) {
  const i64 epochs = settings_.epochs;
  const Samples samples =
      sampler_.draw(client.positives, epochs * settings_.negatives, client.key, rows);
  const Span<const i32> own(rows, samples.distinct);
  const Matrix<f32> local(values, own.n, d_);
  if (i64(seen_.size()) < own.n) {
    seen_.resize(size_t(own.n), 0);
    by_rows_.resize(size_t(own.n * d_), 0.0f);
  }
  copy_rows(client.items, own, local);
  network_.read(Layers<const f32>(client.network, d_));
  u64 counter = samples.counter;
  for (i64 epoch = 0; epoch < epochs; ++epoch) {
    list_epoch(samples, epoch, epochs, order_);
    const Span<Sample> order(order_);
    counter = shuffle(order, client.key, counter);
    for (i64 start = 0; start < order.n; start += settings_.batch)
      step(client, order.part(start, start + std::min(order.n - start, settings_.batch)), local);
  }
  network_.write(Layers<f32>(client.network, d_));
  write_change(client.items, own, local, local);
  return own.n;
}

void NcfTrainer::step(const NcfClient& client, Span<const Sample> batch, Matrix<f32> local) {
  const Matrix<f32> user = Layers<f32>(client.network, d_).user;
  write_user_half(user, network_.biases[0], client.vector.data, half_);
  for (i64 first = 0; first < batch.n; first += BLOCK)
    add_block(batch.part(first, std::min(batch.n, first + BLOCK)), local);
  move_rows(client, batch, local);
  move_user(client, user, batch.n);
  move_network(f32(settings_.network_rate / f64(batch.n)));
}

// Add the gradient of at most BLOCK samples.
void NcfTrainer::add_block(Span<const Sample> block, Matrix<const f32> local) {
  f32 label[BLOCK] = {};
  for (i64 b = 0; b < block.n; ++b) {
    label[b] = block[b].label;
    copy(hidden_[0][b], local[block[b].row], d_);
  }
  add_gradient(network_, half_, label, block.n, hidden_, by_hidden_, slopes_);
  for (i64 b = 0; b < block.n; ++b) {
    f32* by_row = by_rows_.data() + block[b].row * d_;
    combine(by_row, 1.0f, by_row, 1.0f, by_hidden_[0][b], d_);
  }
}

// Step with the rows of the batch.
void NcfTrainer::move_rows(const NcfClient& client, Span<const Sample> batch, Matrix<f32> local) {
  const f64 shrink = settings_.rate * (settings_.row_decay * client.share);
  const f32 keep = f32(1 - shrink);
  for (const Sample& sample : batch) ++seen_[sample.row];
  for (const Sample& sample : batch) {
    i32& seen = seen_[sample.row];
    if (seen == 0) continue;
    f32 *item = local[sample.row], *slope = by_rows_.data() + sample.row * d_;
    const f32 step = f32(settings_.rate) / f32(seen);
    if (client.span.rows > 0)
      step_within(client.span, item, slope, step, f32(shrink));
    else
      combine(item, keep, item, -step, slope, d_);
    std::fill_n(slope, d_, 0.0f);
    seen = 0;
  }
}

// Step with the user's vector, and with the network's weights for it.
void NcfTrainer::move_user(const NcfClient& client, Matrix<f32> user, i64 n) {
  const f32 keep = f32(1 - settings_.rate * (settings_.decay * client.share));
  const f32 step = f32(settings_.rate / f64(n)), network_step = f32(settings_.network_rate / f64(n));
  f32 *vector = client.vector.data, *slope = by_vector_.data();
  std::fill_n(slope, d_, 0.0f);
  for (i64 unit = 0; unit < user.rows; ++unit) {
    const f32 by_bias = slopes_.biases[0][unit];
    f32* weights = user[unit];
    for (i64 f = 0; f < d_; ++f) {
      slope[f] += weights[f] * by_bias;
      weights[f] -= network_step * (by_bias * vector[f]);
    }
  }
  combine(vector, keep, vector, -step, slope, d_);
}

// Step with the rest of the network, and make its slopes zero.
void NcfTrainer::move_network(f32 step) {
  const auto move = [&](f32* numbers, f32* slope, i64 n) {
    combine(numbers, 1.0f, numbers, -step, slope, n);
    std::fill_n(slope, n, 0.0f);
  };
  for (int layer = 0; layer < LAYERS; ++layer) {
    const Matrix<f32> weights = network_.weights[layer], turned = network_.turned[layer];
    for (i64 unit = 0; unit < UNITS[layer]; ++unit)
      move(weights[unit], slopes_.weights[layer][unit], weights.columns);
    for (i64 k = 0; k < turned.rows; ++k)
      for (i64 unit = 0; unit < UNITS[layer]; ++unit) turned[k][unit] = weights[unit][k];
    move(network_.biases[layer], slopes_.biases[layer], UNITS[layer]);
  }
}

void write_item_halves(Matrix<const f32> items, const FilledNetwork& network, f32* halves) {
  parallel_parts(items.rows, BLOCK, [&](i64 first, i64 last) {
    Filled room(BLOCK, items.columns);
    const Matrix<f32> inputs = room;
    for (i64 i = first; i < last; ++i) copy(inputs[i - first], items[i], items.columns);
    const i64 n = filled_rows(last - first);
    product(nullptr, inputs, network.turned[0], {halves + first * UNITS[0], n, UNITS[0]}, n);
  });
}

void write_scores(Matrix<const f32> vectors, const Layers<const f32>& layers, const FilledNetwork& network,
                  Matrix<const f32> halves, Matrix<const i32> candidates, Matrix<f32> out) {
  constexpr i64 USERS = 8;  // a thread takes at a time
  parallel_parts(vectors.rows, USERS, [&](i64 from, i64 to) {
    const Activations hidden(0);
    f32 half[UNITS[0]];
    for (i64 user = from; user < to; ++user) {
      const i32* own = candidates[user % candidates.rows];
      write_user_half(layers.user, network.biases[0], vectors[user], half);
      for (i64 start = 0; start < candidates.columns; start += BLOCK) {
        const i64 n = std::min(BLOCK, candidates.columns - start);
        for (i64 b = 0; b < n; ++b)
          for (i64 unit = 0; unit < UNITS[0]; unit += 8) {
            const Eight sums = load(half + unit) + load(halves[own[start + b]] + unit);
            store(hidden[1][b] + unit, Eight{} > sums ? Eight{} : sums);
          }
        forward(network, hidden, filled_rows(n));
        for (i64 b = 0; b < n; ++b) out[user][start + b] = hidden[LAYERS][b][0];
      }
    }
  });
}

}  // namespace fedras
