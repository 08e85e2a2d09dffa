#include "training/network.hpp"

#include <algorithm>

#include "training/sigmoid.hpp"

namespace fedras {

namespace {

i64 inputs_of(int layer, i64 d) { return layer == 0 ? d : UNITS[layer - 1]; }

// Write the derivatives by the logits, and zeros for what fills up the samples.
void write_errors(Matrix<const f32> logits, const f32* label, Matrix<f32> error, i64 n) {
  f32 scores[BLOCK];
  for (i64 b = 0; b < n; ++b) scores[b] = logits[b][0];
  sigmoid(scores, n);
  for (i64 b = 0; b < n; ++b) error[b][0] = scores[b] - label[b];
  for (i64 b = n; b < filled_rows(n); ++b) error[b][0] = 0.0f;
}

// Add a layer's derivatives by its weights and biases; the biases' four samples a pass.
void add_slopes(Matrix<const f32> inputs, Matrix<const f32> by_output, Matrix<f32> by_weights,
                f32* by_bias, i64 n) {
  add_outer(by_output, inputs, by_weights, n);
  for (i64 unit = 0; unit < by_output.columns; unit += 8) {
    Eight total = load(by_bias + unit);
    for (i64 b = 0; b < n; b += 4) {
      const f32* from = by_output[b] + unit;
      const i64 next = by_output.stride;
      total += (load(from) + load(from + next)) + (load(from + 2 * next) + load(from + 3 * next));
    }
    store(by_bias + unit, total);
  }
}

}  // namespace

FilledNetwork::FilledNetwork(i64 d) {
  for (int layer = 0; layer < LAYERS; ++layer) {
    const i64 inputs = inputs_of(layer, d);
    rooms_[3 * layer] = Filled(UNITS[layer], inputs);
    rooms_[3 * layer + 1] = Filled(inputs, UNITS[layer]);
    rooms_[3 * layer + 2] = Filled(1, UNITS[layer]);
    weights[layer] = rooms_[3 * layer];
    turned[layer] = rooms_[3 * layer + 1];
    biases[layer] = rooms_[3 * layer + 2].matrix().data;
  }
}

void FilledNetwork::read(const Layers<const f32>& from) {
  for (int layer = 0; layer < LAYERS; ++layer) {
    const auto own = from.weights[layer];
    for (i64 unit = 0; unit < own.rows; ++unit) {
      copy(weights[layer][unit], own[unit], own.columns);
      for (i64 k = 0; k < own.columns; ++k) turned[layer][k][unit] = own[unit][k];
    }
    copy(biases[layer], from.biases[layer].data, UNITS[layer]);
  }
}

void FilledNetwork::write(const Layers<f32>& to) const {
  for (int layer = 0; layer < LAYERS; ++layer) {
    const auto own = to.weights[layer];
    for (i64 unit = 0; unit < own.rows; ++unit) copy(own[unit], weights[layer][unit], own.columns);
    copy(to.biases[layer].data, biases[layer], UNITS[layer]);
  }
}

Activations::Activations(i64 inputs) {
  for (int layer = 0; layer <= LAYERS; ++layer) {
    rooms_[layer] = Filled(BLOCK, inputs_of(layer, inputs));
    layers_[layer] = rooms_[layer];
  }
}

Slopes::Slopes(i64 d) {
  for (int layer = 0; layer < LAYERS; ++layer) {
    rooms_[2 * layer] = Filled(UNITS[layer], inputs_of(layer, d));
    rooms_[2 * layer + 1] = Filled(1, UNITS[layer]);
    weights[layer] = rooms_[2 * layer];
    biases[layer] = rooms_[2 * layer + 1].matrix().data;
  }
}

void write_user_half(Matrix<const f32> weights, const f32* bias, const f32* vector, f32* half) {
  constexpr i64 TOGETHER = 8;  // sums, each of which waits for its last term
  for (i64 unit = 0; unit < weights.rows; unit += TOGETHER) {
    f32 total[TOGETHER];
    std::copy_n(bias + unit, TOGETHER, total);
    for (i64 f = 0; f < weights.columns; ++f)
      for (i64 u = 0; u < TOGETHER; ++u) total[u] += weights[unit + u][f] * vector[f];
    std::copy_n(total, TOGETHER, half + unit);
  }
}

void forward(const FilledNetwork& network, const Activations& hidden, i64 n) {
  rectified_product(network.biases[1], hidden[1], network.turned[1], hidden[2], n);
  rectified_product(network.biases[2], hidden[2], network.turned[2], hidden[3], n);
  product(network.biases[3], hidden[3], network.turned[3], hidden[4], n);
}

void add_gradient(const FilledNetwork& network, const f32* half, const f32* label, i64 n,
                  const Activations& hidden, const Activations& by_hidden, const Slopes& slopes) {
  const i64 filled = filled_rows(n);
  std::fill(hidden[0][n], hidden[0][filled], 0.0f);
  rectified_product(half, hidden[0], network.turned[0], hidden[1], filled);
  forward(network, hidden, filled);
  write_errors(hidden[LAYERS], label, by_hidden[LAYERS], n);
  for (int layer = LAYERS - 1; layer >= 0; --layer) {
    add_slopes(hidden[layer], by_hidden[layer + 1], slopes.weights[layer], slopes.biases[layer], filled);
    if (layer > 0)  // ReLU passes no gradient where its output is 0
      gated_product(by_hidden[layer + 1], network.weights[layer], hidden[layer], by_hidden[layer], filled);
  }
  product(nullptr, by_hidden[1], network.weights[0], by_hidden[0], filled);
}

}  // namespace fedras
