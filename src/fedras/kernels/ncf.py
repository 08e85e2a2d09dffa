"""Neural collaborative filtering: local training, one client after another, and scores."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.gather import copy_rows, write_change
from fedras.kernels.jit import jit, long, parallel
from fedras.kernels.network import (
    BLOCK,
    UNITS,
    Layers,
    Matrix,
    activations,
    filled,
    filled_biases,
    forward,
    gradient,
    layers,
    turned,
    user_half,
)
from fedras.kernels.product import ROWS, product, zeros
from fedras.kernels.sampling import draw_samples, epoch_order, shuffle
from fedras.kernels.span import step_within

_FIRST = UNITS[0]
_ZERO = np.float32(0)


@long
def train_clients(
    vectors: Matrix,
    replicas: Matrix,
    span: Matrix,
    stream: NDArray[np.int64],
    positives: NDArray[np.int32],
    bounds: NDArray[np.int64],
    keys: NDArray[np.uint64],
    settings: tuple[int, int, int, float, float, float, float],
    shares: NDArray[np.float64],
    networks: Matrix,
    rows: NDArray[np.int32],
    values: Matrix,
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Train each client on its own interactions, as `mf.train_clients` does.

    Parameters
    ----------
    vectors, replicas, span, stream, positives, bounds, keys
        As in `mf.train_clients`.
    settings
        Local epochs, batch size, negatives per positive and epoch, learning rate, weight decay of
        the vectors and of the item rows, learning rate of the network.
    shares
        As in `mf.train_clients`.
    networks
        float32[C, P], each client's scoring model (`network.layers`); trained in place.
    rows, values, starts, counts
        Out: the touched rows, ascending, what training added to each, and how many there are, from
        ``starts[c]`` on, where there is room for every item that the client can touch (`Updates`).
    """
    per_positive = settings[0] * settings[2]
    place = np.full(replicas.shape[1], -1, np.int32)
    for c in range(len(keys)):
        own = rows[starts[c] :]
        liked = positives[bounds[c] : bounds[c + 1]]
        samples, n, used = draw_samples(liked, per_positive, keys[c], place, own)
        items = replicas[stream[c]]
        local = values[starts[c] : starts[c] + n]
        copy_rows(items, own[:n], local)
        client = vectors[c], local, networks[c], samples, span[stream[c]]
        decay, row_decay = settings[4] * shares[c], settings[5] * shares[c]
        mine = (*settings[:4], decay, row_decay, settings[6])
        _sgd(client, len(liked), mine, keys[c], np.uint64(used))
        write_change(items, own[:n], local, local)
        counts[c] = n


@jit
def _sgd(
    client: tuple[Matrix, Matrix, Matrix, NDArray[np.int32], Matrix],
    positives: int,
    settings: tuple[int, int, int, float, float, float, float],
    key: np.uint64,
    counter: np.uint64,
) -> None:
    """Minimise the cross-entropy in place: the vector, the rows and the network of a client.

    The first ``positives`` samples have the label 1. The vector and the network move by the mean
    gradient of a batch, an item's row by the mean over its own occurrences in the batch. Vector
    and rows shrink by rate x decay when they move.
    """
    vector, local, network, samples, span = client
    dim, rate, decay = len(vector), settings[3], settings[5]
    epochs, batch = settings[0], settings[1]
    user, inner, outer = layers(network, dim)
    weights, upper, biases = filled(inner), turned(inner), filled_biases(outer)
    hidden, by_hidden = activations(dim), activations(dim)
    inputs, by_inputs = hidden[0], by_hidden[0]
    by_weights, by_biases = filled(inner), filled_biases(outer)
    by_row = np.zeros_like(local)
    seen = np.zeros(len(local), np.int32)
    label = np.empty(BLOCK, np.float32)
    for layer in range(4):
        by_weights[layer][:] = _ZERO
        by_biases[layer][:] = _ZERO
    share = (len(samples) - positives) // epochs
    for epoch in range(epochs):
        order = epoch_order(positives, positives + epoch * share, share)
        counter = shuffle(order, key, counter)
        for start in range(0, len(order), batch):
            end = min(start + batch, len(order))
            half = user_half(user, biases[0], vector)
            for first in range(start, end, BLOCK):
                n = min(BLOCK, end - first)
                for b in range(n):
                    sample = order[first + b]
                    row = samples[sample]
                    label[b] = np.float32(sample < positives)
                    for f in range(dim):
                        inputs[b, f] = local[row, f]
                slopes = by_hidden, by_weights, by_biases
                gradient(weights, upper, biases, half, label[:n], hidden, slopes)
                for b in range(n):
                    row = samples[order[first + b]]
                    for f in range(dim):
                        by_row[row, f] += by_inputs[b, f]
            _move_rows(local, span, by_row, seen, samples, order[start:end], rate, decay)
            _move_user(vector, user, by_biases[0], settings, end - start)
            step = np.float32(settings[6] / (end - start))
            for layer in range(4):
                _move_layer(weights[layer], upper[layer], by_weights[layer], step)
                for unit in range(len(biases[layer])):
                    biases[layer][unit] -= step * by_biases[layer][unit]
                    by_biases[layer][unit] = _ZERO
    for layer in range(4):
        units, inputs = inner[layer].shape
        inner[layer][:] = weights[layer][:units, :inputs]
        outer[layer][:] = biases[layer][:units]


@jit
def _move_rows(
    local: Matrix,
    span: Matrix,
    by_row: Matrix,
    seen: NDArray[np.int32],
    samples: NDArray[np.int32],
    order: NDArray[np.int64],
    rate: float,
    decay: float,
) -> None:
    """Step along ``by_row`` with the rows of the batch ``order``; zero ``by_row`` for the next."""
    keep = np.float32(1 - rate * decay)
    for i in order:
        seen[samples[i]] += 1
    for i in order:
        row = samples[i]
        if seen[row]:
            step = np.float32(rate) / np.float32(seen[row])
            if len(span) > 0:
                step_within(span, local[row], by_row[row], step, np.float32(rate * decay))
            else:
                for f in range(local.shape[1]):
                    local[row, f] = keep * local[row, f] - step * by_row[row, f]
            for f in range(local.shape[1]):
                by_row[row, f] = _ZERO
            seen[row] = 0


@jit
def _move_user(
    vector: Matrix,
    user: Matrix,
    by_bias: Matrix,
    settings: tuple[int, int, int, float, float, float, float],
    n: int,
) -> None:
    keep, step = np.float32(1 - settings[3] * settings[4]), np.float32(settings[3] / n)
    network_step = np.float32(settings[6] / n)
    slope = np.zeros_like(vector)
    for unit in range(_FIRST):
        for f in range(len(vector)):
            slope[f] += user[unit, f] * by_bias[unit]
            user[unit, f] -= network_step * (by_bias[unit] * vector[f])
    for f in range(len(vector)):
        vector[f] = keep * vector[f] - step * slope[f]


@jit
def _move_layer(weights: Matrix, upper: Matrix, slope: Matrix, step: np.float32) -> None:
    """Step along ``slope`` and zero it."""
    for unit in range(len(weights)):
        for k in range(weights.shape[1]):
            weights[unit, k] -= step * slope[unit, k]
            slope[unit, k] = _ZERO
    for k in range(len(upper)):
        for unit in range(len(weights)):
            upper[k, unit] = weights[unit, k]


@parallel
def item_half(network: Matrix, items: Matrix) -> Matrix:
    """Return float32[N, 64]: what each item contributes to the first layer."""
    dim = items.shape[1]
    _, inner, _ = layers(network, dim)
    upper = turned(inner)[0]
    out = np.empty((len(items) + -len(items) % ROWS, _FIRST), np.float32)
    for block in numba.prange((len(items) + BLOCK - 1) // BLOCK):
        own = items[block * BLOCK : (block + 1) * BLOCK]
        inputs = zeros(BLOCK, dim)
        inputs[: len(own), :dim] = own
        part = out[block * BLOCK : (block + 1) * BLOCK]
        product(None, inputs, upper, part, len(part))
    return out[: len(items)]


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
    _, inner, _ = layers(network, vectors.shape[1])
    upper = turned(inner)
    for user in numba.prange(len(vectors)):
        mine = candidates[user % len(candidates)]
        _score_user(vectors[user], network, upper, halves, mine, out[user])
    return out


@jit
def _score_user(
    vector: Matrix,
    network: Matrix,
    upper: Layers,
    halves: Matrix,
    candidates: NDArray[np.int32],
    out: Matrix,
) -> None:
    weights, _, outer = layers(network, len(vector))
    biases = filled_biases(outer)
    half = user_half(weights, biases[0], vector)
    hidden = activations(0)
    for start in range(0, len(candidates), BLOCK):
        n = min(BLOCK, len(candidates) - start)
        for b in range(n):
            theirs = halves[candidates[start + b]]
            for unit in range(_FIRST):
                hidden[1][b, unit] = half[unit] + theirs[unit]
        forward(upper, biases, hidden, n + -n % ROWS)
        for b in range(n):
            out[start + b] = hidden[4][b, 0]
