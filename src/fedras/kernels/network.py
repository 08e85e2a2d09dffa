"""A small network on [p, q]: its layers, and the gradient of its cross-entropy.

ReLU follows all layers but the last, which gives one logit. What the units of a layer compute is a
matrix with a row per sample and a column per unit. Then all that a layer does, forward and back,
is the `product` of two matrices, filled up with zeros as it wants. The user's half of the first
layer is the same for all samples and is computed once.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.product import ROWS, add_outer, product, zeros
from fedras.kernels.sigmoid import sigmoid

UNITS = (64, 32, 16, 1)
BLOCK = 128  # samples at a time: few calls, and all of a layer stays in the fast caches

_FIRST, _SECOND, _THIRD, _LAST = UNITS
_ZERO = np.float32(0)

Matrix = NDArray[np.float32]
Layers = tuple[Matrix, Matrix, Matrix, Matrix]
Activations = tuple[Matrix, Matrix, Matrix, Matrix, Matrix]


@jit
def layers(network: Matrix, dim: int) -> tuple[Matrix, Layers, Layers]:
    """Return views of a flat network: the user's weights, all others', and the biases.

    The network is U, V, b1, W2, b2, W3, b3, W4, b4 one after another. A matrix of weights is
    float32[outputs, inputs], row by row: U for the user's d inputs of the first layer, V for the
    item's, W2 to W4 for the other layers.
    """
    a = _FIRST * dim
    b = 2 * a + _FIRST
    c = b + _SECOND * _FIRST + _SECOND
    d = c + _THIRD * _SECOND + _THIRD
    weights = (
        network[a : 2 * a].reshape(_FIRST, dim),
        network[b : c - _SECOND].reshape(_SECOND, _FIRST),
        network[c : d - _THIRD].reshape(_THIRD, _SECOND),
        network[d:-_LAST].reshape(_LAST, _THIRD),
    )
    biases = network[2 * a : b], network[c - _SECOND : c], network[d - _THIRD : d], network[-_LAST:]
    return network[:a].reshape(_FIRST, dim), weights, biases


@jit
def filled(weights: Layers) -> Layers:
    """Return the weights, filled up."""
    a, b, c, d = weights
    return _filled(a), _filled(b), _filled(c), _filled(d)


@jit
def turned(weights: Layers) -> Layers:
    """Return the weights as float32[inputs, outputs], filled up."""
    a, b, c, d = weights
    return _filled(a.T), _filled(b.T), _filled(c.T), _filled(d.T)


@jit
def filled_biases(biases: Layers) -> Layers:
    """Return the biases, filled up."""
    a, b, c, d = biases
    return (
        _filled(a.reshape(1, -1))[0],
        _filled(b.reshape(1, -1))[0],
        _filled(c.reshape(1, -1))[0],
        _filled(d.reshape(1, -1))[0],
    )


@jit
def _filled(matrix: Matrix) -> Matrix:
    rows, columns = matrix.shape
    out = zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = matrix[i, j]
    return out


@jit
def activations(inputs: int) -> Activations:
    """Return room for `BLOCK` samples: their inputs, and the units of each layer; zeros."""
    return (
        zeros(BLOCK, inputs),
        zeros(BLOCK, _FIRST),
        zeros(BLOCK, _SECOND),
        zeros(BLOCK, _THIRD),
        zeros(BLOCK, _LAST),
    )


@jit
def user_half(weights: Matrix, bias: Matrix, vector: Matrix) -> Matrix:
    """Return what bias and user, float32[d], contribute to the first layer, float32[64]."""
    half = np.empty(_FIRST, np.float32)
    for unit in range(_FIRST):
        total = bias[unit]
        for f in range(len(vector)):
            total += weights[unit, f] * vector[f]
        half[unit] = total
    return half


@jit
def forward(upper: Layers, biases: Layers, hidden: Activations, n: int) -> None:
    """Compute all layers from the sums of the first, hidden[1]; hidden[4] is the logit.

    Parameters
    ----------
    upper, biases
        From `turned` and `filled_biases`.
    hidden
        From `activations`.
    n
        How many samples; a multiple of `ROWS`.
    """
    _up(hidden[1], biases[1], upper[1], hidden[2], n)
    _up(hidden[2], biases[2], upper[2], hidden[3], n)
    _up(hidden[3], biases[3], upper[3], hidden[4], n)


@jit
def _up(below: Matrix, bias: Matrix, weights: Matrix, above: Matrix, n: int) -> None:
    """Apply ReLU to a layer, in place, and compute the sums of the next."""
    for b in range(n):
        for unit in range(below.shape[1]):
            below[b, unit] = max(below[b, unit], _ZERO)
    product(bias, below, weights, above, n)


@jit
def gradient(
    weights: Layers,
    upper: Layers,
    biases: Layers,
    half: Matrix,
    label: Matrix,
    hidden: Activations,
    slopes: tuple[Activations, Layers, Layers],
) -> None:
    """Compute the gradient of the summed cross-entropy of at most `BLOCK` samples.

    Parameters
    ----------
    weights, upper, biases
        From `filled`, `turned` and `filled_biases`.
    half
        The user's part of the first layer, from `user_half`.
    label
        float32[n], 1 or 0.
    hidden
        From `activations`: the samples' inputs in hidden[0]; the rest is overwritten.
    slopes
        By the values of each layer, overwritten; by the weights and by the biases, added to what
        is there. Those by the user's weights are left out: they are the derivatives by the first
        biases times the user's vector.
    """
    by_hidden, by_weights, by_biases = slopes
    n = len(label) + -len(label) % ROWS
    hidden[0][len(label) : n] = _ZERO
    product(half, hidden[0], upper[0], hidden[1], n)
    forward(upper, biases, hidden, n)
    _errors(hidden[4], label, by_hidden[4], n)
    _down(hidden[3], by_hidden[4], by_weights[3], by_biases[3], n)
    product(None, by_hidden[4], weights[3], by_hidden[3], n)
    _stop_inactive(by_hidden[3], hidden[3], n)
    _down(hidden[2], by_hidden[3], by_weights[2], by_biases[2], n)
    product(None, by_hidden[3], weights[2], by_hidden[2], n)
    _stop_inactive(by_hidden[2], hidden[2], n)
    _down(hidden[1], by_hidden[2], by_weights[1], by_biases[1], n)
    product(None, by_hidden[2], weights[1], by_hidden[1], n)
    _stop_inactive(by_hidden[1], hidden[1], n)
    _down(hidden[0], by_hidden[1], by_weights[0], by_biases[0], n)
    product(None, by_hidden[1], weights[0], by_hidden[0], n)


@jit
def _errors(logit: Matrix, label: Matrix, error: Matrix, n: int) -> None:
    """Write the derivatives by the logits, and zeros for what fills up the samples."""
    scores = logit[: len(label), 0].copy()
    sigmoid(scores)
    for b in range(len(label)):
        error[b, 0] = scores[b] - label[b]
    for b in range(len(label), n):
        error[b, 0] = _ZERO


@jit
def _down(inputs: Matrix, by_output: Matrix, by_weights: Matrix, by_bias: Matrix, n: int) -> None:
    """Add a layer's derivatives by its weights and biases; the biases' four samples a pass."""
    add_outer(by_output, inputs, by_weights, n)
    for b in range(0, n, 4):
        for unit in range(len(by_bias)):
            first = by_output[b, unit] + by_output[b + 1, unit]
            by_bias[unit] += first + (by_output[b + 2, unit] + by_output[b + 3, unit])


@jit
def _stop_inactive(slope: Matrix, hidden: Matrix, n: int) -> None:
    """ReLU passes no gradient where its output is 0."""
    for b in range(n):
        for unit in range(slope.shape[1]):
            slope[b, unit] = slope[b, unit] if hidden[b, unit] > _ZERO else _ZERO
