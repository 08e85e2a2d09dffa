// A small network on [p, q]: its layers, and the gradient of its cross-entropy.
//
// ReLU follows all layers but the last, which gives one logit. What the units of a layer compute is a
// matrix with a row per sample and a column per unit. Then all that a layer does, forward and back, is
// the product of two matrices, filled up with zeros as it wants. The user's half of the first layer is
// the same for all samples and is computed once.
#pragma once

#include <array>

#include "common/product.hpp"

namespace fedras {

constexpr int LAYERS = 4;
constexpr i64 UNITS[LAYERS] = {64, 32, 16, 1};
constexpr i64 BLOCK = 64;  // samples at a time: few calls, and all of a layer stays in the fast caches

// Views of a flat network: U, V, b1, W2, b2, W3, b3, W4, b4 one after another. A matrix of weights is
// float32[outputs, inputs], row by row: U for the user's d inputs of the first layer, V for the item's,
// W2 to W4 for the other layers.
template <class T>
struct Layers {
  Matrix<T> user;
  Matrix<T> weights[LAYERS];  // V, W2, W3, W4
  Span<T> biases[LAYERS];

  Layers(T* network, i64 d) : user(network, UNITS[0], d) {
    network += UNITS[0] * d;
    for (int layer = 0; layer < LAYERS; ++layer) {
      const i64 units = UNITS[layer], inputs = layer == 0 ? d : UNITS[layer - 1];
      weights[layer] = {network, units, inputs};
      biases[layer] = {network + units * inputs, units};
      network += units * inputs + units;
    }
  }
};

// How many numbers a flat network has.
constexpr i64 parameters(i64 d) {
  i64 count = UNITS[0] * d, inputs = d;
  for (const i64 units : UNITS) {
    count += units * inputs + units;
    inputs = units;
  }
  return count;
}

// A network for products: the weights as they are and turned, float32[inputs, outputs], and the biases.
class FilledNetwork {
 public:
  explicit FilledNetwork(i64 d);
  void read(const Layers<const f32>& from);
  void write(const Layers<f32>& to) const;

  Matrix<f32> weights[LAYERS], turned[LAYERS];
  f32* biases[LAYERS];

 private:
  std::array<Filled, 3 * LAYERS> rooms_;
};

// Room for BLOCK samples: their inputs, float32[BLOCK, d], and the units of each layer; zeros.
class Activations {
 public:
  explicit Activations(i64 inputs);
  const Matrix<f32>& operator[](int layer) const { return layers_[layer]; }

 private:
  std::array<Filled, LAYERS + 1> rooms_;
  Matrix<f32> layers_[LAYERS + 1];
};

// Derivatives, filled up as the network is.
class Slopes {
 public:
  explicit Slopes(i64 d);

  Matrix<f32> weights[LAYERS];  // by the weights
  f32* biases[LAYERS];          // and by the biases

 private:
  std::array<Filled, 2 * LAYERS> rooms_;
};

// What bias and user contribute to the first layer: `weights` is U, `half` float32[64].
void write_user_half(Matrix<const f32> weights, const f32* bias, const f32* vector, f32* half);

// Compute the layers above the first, of n samples, a multiple of ROWS: from hidden[1], after its ReLU,
// to the logit in hidden[4].
void forward(const FilledNetwork& network, const Activations& hidden, i64 n);

// Add to `slopes` the gradient of the summed cross-entropy of n samples, at most BLOCK.
//
// half: the user's part of the first layer.
// label: float32[n], 1 or 0.
// hidden: the samples' inputs in hidden[0]; the rest is overwritten.
// by_hidden: out, the derivatives by the values of each layer.
// slopes: those by the user's weights are left out: they are the derivatives by the first biases times
// the user's vector.
void add_gradient(const FilledNetwork& network, const f32* half, const f32* label, i64 n,
                  const Activations& hidden, const Activations& by_hidden, const Slopes& slopes);

}  // namespace fedras
