"""A small network on [p, q]: its layers, and the gradient of its cross-entropy.

ReLU follows all layers but the last, which gives one logit. A matrix of what the units of a layer
compute holds one row per unit and one column per sample, at most `BLOCK`: all inner loops run along
the samples. The user's half of the first layer is the same for all samples and is computed once.
"""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

UNITS = (64, 32, 16, 1)
ALL_UNITS = sum(UNITS)
BLOCK = 256

_FIRST, _SECOND, _THIRD, _LAST = UNITS
_ZERO = np.float32(0)

Matrix = NDArray[np.float32]
Layer = tuple[Matrix, Matrix]


@jit
def layers(
    network: Matrix, dim: int
) -> tuple[tuple[Matrix, Matrix, Matrix], tuple[Layer, Layer, Layer]]:
    """Return views of a flat network: the first layer's parameters, and those of the others.

    The network is U, V, b1, W2, b2, W3, b3, W4, b4 one after another. A matrix of weights is
    float32[outputs, inputs], row by row: U for the user's d inputs of the first layer, V for the
    item's, W2 to W4 for the other layers.
    """
    a = _FIRST * dim
    b = 2 * a + _FIRST
    c = b + _SECOND * _FIRST + _SECOND
    d = c + _THIRD * _SECOND + _THIRD
    first = (
        network[:a].reshape(_FIRST, dim),
        network[a : 2 * a].reshape(_FIRST, dim),
        network[2 * a : b],
    )
    second = network[b : c - _SECOND].reshape(_SECOND, _FIRST), network[c - _SECOND : c]
    third = network[c : d - _THIRD].reshape(_THIRD, _SECOND), network[d - _THIRD : d]
    last = network[d:-_LAST].reshape(_LAST, _THIRD), network[-_LAST:]
    return first, (second, third, last)


@jit
def user_half(network: Matrix, vector: Matrix, half: Matrix) -> None:
    """Write what bias and user, float32[d], contribute to the first layer, float32[64]."""
    (weights, _, bias), _ = layers(network, len(vector))
    for unit in range(len(half)):
        total = bias[unit]
        for f in range(len(vector)):
            total += weights[unit, f] * vector[f]
        half[unit] = total


@jit
def gradient(
    network: Matrix,
    half: Matrix,
    local: Matrix,
    picked: NDArray[np.int32],
    label: Matrix,
    slope: Matrix,
    by_row: Matrix,
    space: Matrix,
) -> None:
    """Add the gradient of the summed cross-entropy of at most `BLOCK` samples.

    Parameters
    ----------
    network, half
        The layers and the user's part of the first, from `user_half`.
    local, picked, label
        The item rows, the row of each sample, int32[n], and its label, 1 or 0.
    slope
        Grows by the derivatives by the network; those by the user's weights are left out, they are
        the derivatives by the first biases times the user's vector.
    by_row
        float32[:, d], grows by the derivatives by the item rows.
    space
        From `scratch`.
    """
    n, dim = len(picked), local.shape[1]
    (_, weights, _), upper = layers(network, dim)
    (_, by_weights, by_bias), by_upper = layers(slope, dim)
    inputs, by_inputs = space[:dim], space[dim : 2 * dim]
    hidden, by_hidden = by_layer(space[2 * dim :]), by_layer(space[2 * dim + ALL_UNITS :])
    turned = space[2 * (dim + ALL_UNITS) :].reshape(BLOCK, -1)[:n]
    for b in range(n):
        for f in range(dim):
            inputs[f, b] = local[picked[b], f]
    _fill(hidden[0], half, n)
    add_product(hidden[0], weights, inputs, n)
    forward(upper, hidden, n)
    for b in range(n):
        score = hidden[3][0, b]
        by_hidden[3][0, b] = np.float32(1) / (np.float32(1) + math.exp(-score)) - label[b]
    for layer in (2, 1, 0):
        _turn(turned, hidden[layer], n)
        _add_outer(by_upper[layer][0], by_hidden[layer + 1], turned)
        by_hidden[layer][:, :n] = _ZERO
        add_product(by_hidden[layer], upper[layer][0].T, by_hidden[layer + 1], n)
        _stop_inactive(by_hidden[layer], hidden[layer], n)
        _add_sums(by_upper[layer][1], by_hidden[layer + 1], n)
    _turn(turned, inputs, n)
    _add_outer(by_weights, by_hidden[0], turned)
    by_inputs[:, :n] = _ZERO
    add_product(by_inputs, weights.T, by_hidden[0], n)
    _add_sums(by_bias, by_hidden[0], n)
    for b in range(n):
        for f in range(dim):
            by_row[picked[b], f] += by_inputs[f, b]


@jit
def scratch(dim: int) -> Matrix:
    """Return the scratch memory that `gradient` wants, float32[:, BLOCK]."""
    return np.empty((2 * (dim + ALL_UNITS) + max(dim, _FIRST), BLOCK), np.float32)


@jit
def by_layer(space: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return one matrix per layer, float32[units, BLOCK]."""
    second = _FIRST + _SECOND
    third = second + _THIRD
    return space[:_FIRST], space[_FIRST:second], space[second:third], space[third : third + _LAST]


@jit
def forward(
    upper: tuple[Layer, Layer, Layer], hidden: tuple[Matrix, Matrix, Matrix, Matrix], n: int
) -> None:
    """Compute all layers from the sums of the first, hidden[0]; hidden[3] is the logit."""
    for layer in range(3):
        below = hidden[layer]
        for unit in range(len(below)):
            row = below[unit]
            for b in range(n):
                row[b] = max(row[b], _ZERO)
        _fill(hidden[layer + 1], upper[layer][1], n)
        add_product(hidden[layer + 1], upper[layer][0], below, n)


@jit
def _fill(out: Matrix, column: Matrix, n: int) -> None:
    for k in range(len(out)):
        out[k, :n] = column[k]


@jit
def _turn(out: Matrix, a: Matrix, n: int) -> None:
    """Write the first ``n`` columns of ``a`` as rows."""
    for b in range(n):
        for k in range(len(a)):
            out[b, k] = a[k, b]


@jit
def add_product(out: Matrix, a: Matrix, b: Matrix, n: int) -> None:
    """Add a.b to ``out``, in the first ``n`` columns of ``b``; four terms a pass."""
    inner = len(b)
    for row in range(len(out)):
        sums = out[row]
        for k in range(0, inner - 3, 4):
            a0, a1, a2, a3 = a[row, k], a[row, k + 1], a[row, k + 2], a[row, k + 3]
            b0, b1, b2, b3 = b[k], b[k + 1], b[k + 2], b[k + 3]
            for i in range(n):
                sums[i] += a0 * b0[i] + a1 * b1[i] + a2 * b2[i] + a3 * b3[i]
        for k in range(inner - inner % 4, inner):
            a0, b0 = a[row, k], b[k]
            for i in range(n):
                sums[i] += a0 * b0[i]


@jit
def _add_outer(out: Matrix, a: Matrix, turned: Matrix) -> None:
    """Add a.turned to ``out``, where ``turned`` has many rows: four of them a pass."""
    n, width = len(turned), out.shape[1]
    for i in range(0, n - 3, 4):
        t0, t1, t2, t3 = turned[i], turned[i + 1], turned[i + 2], turned[i + 3]
        for row in range(len(out)):
            sums = out[row]
            a0, a1, a2, a3 = a[row, i], a[row, i + 1], a[row, i + 2], a[row, i + 3]
            for k in range(width):
                sums[k] += a0 * t0[k] + a1 * t1[k] + a2 * t2[k] + a3 * t3[k]
    for i in range(n - n % 4, n):
        t0 = turned[i]
        for row in range(len(out)):
            sums, a0 = out[row], a[row, i]
            for k in range(width):
                sums[k] += a0 * t0[k]


@jit
def _add_sums(out: Matrix, a: Matrix, n: int) -> None:
    """Add the sums over the first ``n`` columns: halves of them at once, so ``a`` is used up."""
    for row in range(len(a)):
        terms, left = a[row], n
        while left > 1:
            half = left // 2
            for i in range(half):
                terms[i] += terms[left - half + i]
            left -= half
        out[row] += terms[0]


@jit
def _stop_inactive(slope: Matrix, hidden: Matrix, n: int) -> None:
    """ReLU passes no gradient where its output is 0."""
    for unit in range(len(slope)):
        down, up = slope[unit], hidden[unit]
        for b in range(n):
            down[b] = down[b] if up[b] > _ZERO else _ZERO
