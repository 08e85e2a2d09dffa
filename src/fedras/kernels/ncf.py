"""Local training and scores of neural collaborative filtering: a small network on [p, q].

The network has the layers `UNITS`; ReLU follows all but the last, which gives one logit. A layer
works on `BLOCK` samples at once, and a matrix holds one row per unit and one column per sample: all
inner loops run along the samples. The user's half of the first layer is the same for all samples
of a batch and is computed once.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel
from fedras.kernels.sampling import draw_samples, epoch_order, shuffle

UNITS = (64, 32, 16, 1)
BLOCK = 256

_FIRST, _SECOND, _THIRD, _LAST = UNITS
_ALL = sum(UNITS)
_ZERO = np.float32(0)

Matrix = NDArray[np.float32]
Layer = tuple[Matrix, Matrix]


@parallel
def train_clients(
    vectors: Matrix,
    replicas: Matrix,
    stream: NDArray[np.int64],
    positives: NDArray[np.int32],
    bounds: NDArray[np.int64],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    keys: NDArray[np.uint64],
    workers: int,
    settings: tuple[int, int, int, float, float, float],
    networks: Matrix,
    rows: NDArray[np.int32],
    values: Matrix,
    count: NDArray[np.int64],
) -> None:
    """Train each client on its own interactions, as `mf.train_clients` does.

    Parameters
    ----------
    vectors, replicas, stream, positives, bounds, offsets, order, keys, workers
        As in `mf.train_clients`.
    settings
        Local epochs, batch size, negatives per positive and epoch, learning rate, weight decay of
        the vectors, learning rate of the network.
    networks
        float32[C, P], each client's scoring model (`layers`); trained in place.
    rows, values, count
        Out: the touched rows, ascending, what training added to each, and how many there are.
    """
    per_positive = settings[0] * settings[2]
    for worker in numba.prange(workers):
        place = np.full(replicas.shape[1], -1, np.int32)
        space = np.empty((2 * (vectors.shape[1] + _ALL), BLOCK), np.float32)
        for turn in range(worker, len(order), workers):
            c = order[turn]
            own = rows[offsets[c] : offsets[c + 1]]
            liked = positives[bounds[c] : bounds[c + 1]]
            samples, n, used = draw_samples(liked, per_positive, keys[c], place, own)
            items = replicas[stream[c]]
            local = values[offsets[c] : offsets[c] + n]
            for r in range(n):
                local[r] = items[own[r]]
            client = vectors[c], local, networks[c], samples
            _sgd(client, len(liked), settings, keys[c], np.uint64(used), space)
            for r in range(n):
                local[r] -= items[own[r]]
            count[c] = n


@jit
def _sgd(
    client: tuple[Matrix, Matrix, Matrix, NDArray[np.int32]],
    positives: int,
    settings: tuple[int, int, int, float, float, float],
    key: np.uint64,
    counter: np.uint64,
    space: Matrix,
) -> None:
    """Minimise the cross-entropy in place: the vector, the rows and the network of a client."""
    samples = client[3]
    epochs, batch = settings[0], settings[1]
    share = (len(samples) - positives) // epochs
    for epoch in range(epochs):
        order = epoch_order(positives, positives + epoch * share, share)
        counter = shuffle(order, key, counter)
        _epoch(client, order, positives, batch, settings[3:], space)


@jit
def _epoch(
    client: tuple[Matrix, Matrix, Matrix, NDArray[np.int32]],
    order: NDArray[np.int64],
    positives: int,
    batch: int,
    rates: tuple[float, float, float],
    space: Matrix,
) -> None:
    """Go once through the samples ``order``, in place: the first ``positives`` have the label 1.

    The vector and the network move by the mean gradient of the batch, an item's row by the mean
    over its own occurrences in the batch. The vectors shrink by rate x decay when they move.
    """
    vector, local, network, samples = client
    dim = len(vector)
    slope = np.zeros_like(network)
    by_row = np.zeros_like(local)
    seen = np.zeros(len(local), np.int32)
    half = np.empty(_FIRST, np.float32)
    picked = np.empty(BLOCK, np.int32)
    label = np.empty(BLOCK, np.float32)
    rate, step = np.float32(rates[0]), np.float32(rates[2])
    keep = np.float32(1 - rates[0] * rates[1])
    (weights, bias), _ = layers(network, dim)
    (by_weights, by_bias), _ = layers(slope, dim)
    for start in range(0, len(order), batch):
        end = min(start + batch, len(order))
        slope[:] = _ZERO
        user_half(weights, bias, vector, half)
        for first in range(start, end, BLOCK):
            n = min(BLOCK, end - first)
            for b in range(n):
                picked[b] = samples[order[first + b]]
                label[b] = np.float32(order[first + b] < positives)
            gradient(network, half, local, picked[:n], label, slope, by_row, space)
        share = np.float32(1) / np.float32(end - start)
        for unit in range(_FIRST):
            for f in range(dim):
                by_weights[unit, f] = by_bias[unit] * vector[f]
        for f in range(dim):
            total = _ZERO
            for unit in range(_FIRST):
                total += weights[unit, f] * by_bias[unit]
            vector[f] = keep * vector[f] - rate * share * total
        for k in range(len(network)):
            network[k] -= step * share * slope[k]
        for i in range(start, end):
            seen[samples[order[i]]] += 1
        for i in range(start, end):
            row = samples[order[i]]
            if seen[row]:
                own = rate / np.float32(seen[row])
                for f in range(dim):
                    local[row, f] = keep * local[row, f] - own * by_row[row, f]
                    by_row[row, f] = _ZERO
                seen[row] = 0


@jit
def layers(network: Matrix, dim: int) -> tuple[Layer, tuple[Layer, Layer, Layer]]:
    """Return views of a flat network: weights and biases of the first layer, and of the others.

    The network is W1, b1, W2, b2, W3, b3, W4, b4 one after another; a matrix of weights is
    float32[outputs, inputs], row by row; the inputs of W1 are the d of the user, then the d of the
    item.
    """
    a = _FIRST * 2 * dim
    b = a + _FIRST + _SECOND * _FIRST
    c = b + _SECOND + _THIRD * _SECOND
    d = c + _THIRD + _LAST * _THIRD
    first = network[:a].reshape(_FIRST, 2 * dim), network[a : a + _FIRST]
    second = network[a + _FIRST : b].reshape(_SECOND, _FIRST), network[b : b + _SECOND]
    third = network[b + _SECOND : c].reshape(_THIRD, _SECOND), network[c : c + _THIRD]
    last = network[c + _THIRD : d].reshape(_LAST, _THIRD), network[d : d + _LAST]
    return first, (second, third, last)


@jit
def user_half(weights: Matrix, bias: Matrix, vector: Matrix, half: Matrix) -> None:
    """Write what bias and user, float32[d], contribute to the first layer, float32[64]."""
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
        float32[2 * (d + 113), BLOCK], scratch memory.
    """
    n, dim = len(picked), local.shape[1]
    (weights, _), upper = layers(network, dim)
    (by_weights, by_bias), by_upper = layers(slope, dim)
    inputs, hidden = space[:dim], _by_layer(space[dim:])
    by_inputs, by_hidden = space[dim + _ALL : 2 * dim + _ALL], _by_layer(space[2 * dim + _ALL :])
    for b in range(n):
        for f in range(dim):
            inputs[f, b] = local[picked[b], f]
    _fill(hidden[0], half, n)
    _add_product(hidden[0], weights[:, dim:], inputs, n)
    _forward(upper, hidden, n)
    for b in range(n):
        score = hidden[3][0, b]
        by_hidden[3][0, b] = np.float32(1) / (np.float32(1) + math.exp(-score)) - label[b]
    for layer in (2, 1, 0):
        _add_sums(by_upper[layer][1], by_hidden[layer + 1], n)
        _add_outer(by_upper[layer][0], by_hidden[layer + 1], hidden[layer], n)
        by_hidden[layer][:, :n] = _ZERO
        _add_product(by_hidden[layer], upper[layer][0].T, by_hidden[layer + 1], n)
        _stop_inactive(by_hidden[layer], hidden[layer], n)
    _add_sums(by_bias, by_hidden[0], n)
    _add_outer(by_weights[:, dim:], by_hidden[0], inputs, n)
    by_inputs[:, :n] = _ZERO
    _add_product(by_inputs, weights[:, dim:].T, by_hidden[0], n)
    for b in range(n):
        for f in range(dim):
            by_row[picked[b], f] += by_inputs[f, b]


@jit
def _by_layer(space: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return one matrix per layer, float32[units, BLOCK]."""
    second = _FIRST + _SECOND
    third = second + _THIRD
    return space[:_FIRST], space[_FIRST:second], space[second:third], space[third : third + _LAST]


@jit
def _forward(
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
        _add_product(hidden[layer + 1], upper[layer][0], below, n)


@jit
def _fill(out: Matrix, column: Matrix, n: int) -> None:
    for k in range(len(out)):
        out[k, :n] = column[k]


@jit
def _add_product(out: Matrix, a: Matrix, b: Matrix, n: int) -> None:
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
def _add_outer(out: Matrix, a: Matrix, b: Matrix, n: int) -> None:
    """Add a.b^T to ``out``, over the first ``n`` columns of both; four sums a pass."""
    width = len(b)
    for row in range(len(a)):
        left = a[row]
        for k in range(0, width - 3, 4):
            b0, b1, b2, b3 = b[k], b[k + 1], b[k + 2], b[k + 3]
            s0 = s1 = s2 = s3 = _ZERO
            for i in range(n):
                s0 += left[i] * b0[i]
                s1 += left[i] * b1[i]
                s2 += left[i] * b2[i]
                s3 += left[i] * b3[i]
            out[row, k] += s0
            out[row, k + 1] += s1
            out[row, k + 2] += s2
            out[row, k + 3] += s3
        for k in range(width - width % 4, width):
            b0, s0 = b[k], _ZERO
            for i in range(n):
                s0 += left[i] * b0[i]
            out[row, k] += s0


@jit
def _add_sums(out: Matrix, a: Matrix, n: int) -> None:
    """Add the sums over the first ``n`` columns."""
    for row in range(len(a)):
        total = _ZERO
        for i in range(n):
            total += a[row, i]
        out[row] += total


@jit
def _stop_inactive(slope: Matrix, hidden: Matrix, n: int) -> None:
    """ReLU passes no gradient where its output is 0."""
    for unit in range(len(slope)):
        down, up = slope[unit], hidden[unit]
        for b in range(n):
            down[b] = down[b] if up[b] > _ZERO else _ZERO


@parallel
def item_half(network: Matrix, items: Matrix) -> Matrix:
    """Return float32[N, 64]: what each item contributes to the first layer."""
    dim = items.shape[1]
    out = np.empty((len(items), _FIRST), np.float32)
    for i in numba.prange(len(items)):
        (weights, _), _ = layers(network, dim)
        for unit in range(_FIRST):
            total = _ZERO
            for f in range(dim):
                total += weights[unit, dim + f] * items[i, f]
            out[i, unit] = total
    return out


@parallel
def score(
    vectors: Matrix, network: Matrix, halves: Matrix, candidates: NDArray[np.int32]
) -> Matrix:
    """Return the logits, float32[B, K], of each user's candidates.

    Parameters
    ----------
    vectors, network
        float32[B, d], and the flat network.
    halves
        float32[N, 64], from `item_half`.
    candidates
        int32[B, K], or int32[1, K] for the same candidates for all users.
    """
    width = candidates.shape[1]
    out = np.empty((len(vectors), width), np.float32)
    for user in numba.prange(len(vectors)):
        _score_user(vectors[user], network, halves, candidates[user % len(candidates)], out[user])
    return out


@jit
def _score_user(
    vector: Matrix, network: Matrix, halves: Matrix, candidates: NDArray[np.int32], out: Matrix
) -> None:
    half = np.empty(_FIRST, np.float32)
    hidden = _by_layer(np.empty((_ALL, BLOCK), np.float32))
    (weights, bias), upper = layers(network, len(vector))
    user_half(weights, bias, vector, half)
    for start in range(0, len(candidates), BLOCK):
        n = min(BLOCK, len(candidates) - start)
        for b in range(n):
            theirs = halves[candidates[start + b]]
            for unit in range(_FIRST):
                hidden[0][unit, b] = half[unit] + theirs[unit]
        _forward(upper, hidden, n)
        for b in range(n):
            out[start + b] = hidden[3][0, b]
