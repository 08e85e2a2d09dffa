"""Neural collaborative filtering: local training, one client after another, and scores."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.gather import copy_rows, subtract_rows
from fedras.kernels.jit import jit, parallel
from fedras.kernels.network import (
    ALL_UNITS,
    BLOCK,
    UNITS,
    add_product,
    by_layer,
    forward,
    gradient,
    layers,
    scratch,
    user_half,
)
from fedras.kernels.sampling import draw_samples, epoch_order, shuffle
from fedras.kernels.span import step_within

_FIRST = UNITS[0]
_ZERO = np.float32(0)

Matrix = NDArray[np.float32]


@jit
def train_clients(
    vectors: Matrix,
    replicas: Matrix,
    span: Matrix,
    stream: NDArray[np.int64],
    positives: NDArray[np.int32],
    bounds: NDArray[np.int64],
    keys: NDArray[np.uint64],
    settings: tuple[int, int, int, float, float, float, float],
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
    networks
        float32[C, P], each client's scoring model (`network.layers`); trained in place.
    rows, values, starts, counts
        Out: the touched rows, ascending, what training added to each, and how many there are, from
        ``starts[c]`` on, where there is room for every item that the client can touch (`Updates`).
    """
    per_positive = settings[0] * settings[2]
    place = np.full(replicas.shape[1], -1, np.int32)
    space = scratch(vectors.shape[1])
    for c in range(len(keys)):
        own = rows[starts[c] :]
        liked = positives[bounds[c] : bounds[c + 1]]
        samples, n, used = draw_samples(liked, per_positive, keys[c], place, own)
        items = replicas[stream[c]]
        local = values[starts[c] : starts[c] + n]
        copy_rows(items, own[:n], local)
        client = vectors[c], local, networks[c], samples, span[stream[c]]
        _sgd(client, len(liked), settings, keys[c], np.uint64(used), space)
        subtract_rows(items, own[:n], local)
        counts[c] = n


@jit
def _sgd(
    client: tuple[Matrix, Matrix, Matrix, NDArray[np.int32], Matrix],
    positives: int,
    settings: tuple[int, int, int, float, float, float, float],
    key: np.uint64,
    counter: np.uint64,
    space: Matrix,
) -> None:
    """Minimise the cross-entropy in place: the vector, the rows and the network of a client.

    The first ``positives`` samples have the label 1. The vector and the network move by the mean
    gradient of a batch, an item's row by the mean over its own occurrences in the batch. Vector
    and rows shrink by rate x decay when they move.
    """
    vector, local, network, samples, span = client
    rate, decay = settings[3], settings[5]
    epochs, batch = settings[0], settings[1]
    slope, by_row = np.zeros_like(network), np.zeros_like(local)
    seen = np.zeros(len(local), np.int32)
    half = np.empty(_FIRST, np.float32)
    picked, label = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.float32)
    share = (len(samples) - positives) // epochs
    for epoch in range(epochs):
        order = epoch_order(positives, positives + epoch * share, share)
        counter = shuffle(order, key, counter)
        for start in range(0, len(order), batch):
            end = min(start + batch, len(order))
            user_half(network, vector, half)
            for first in range(start, end, BLOCK):
                n = min(BLOCK, end - first)
                for b in range(n):
                    picked[b] = samples[order[first + b]]
                    label[b] = np.float32(order[first + b] < positives)
                gradient(network, half, local, picked[:n], label, slope, by_row, space)
            _move_rows(local, span, by_row, seen, samples, order[start:end], rate, decay)
            _move(vector, network, slope, end - start, settings)


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
            by_row[row] = _ZERO
            seen[row] = 0


@jit
def _move(
    vector: Matrix,
    network: Matrix,
    slope: Matrix,
    n: int,
    settings: tuple[int, int, int, float, float, float, float],
) -> None:
    """Step along the mean of ``n`` samples' gradients; zero ``slope`` for the next batch."""
    keep = np.float32(1 - settings[3] * settings[4])
    step, network_step = np.float32(settings[3] / n), np.float32(settings[6] / n)
    (weights, _, _), _ = layers(network, len(vector))
    (by_weights, _, by_bias), _ = layers(slope, len(vector))
    for unit in range(_FIRST):
        for f in range(len(vector)):
            by_weights[unit, f] = by_bias[unit] * vector[f]
    for f in range(len(vector)):
        total = _ZERO
        for unit in range(_FIRST):
            total += weights[unit, f] * by_bias[unit]
        vector[f] = keep * vector[f] - step * total
    for k in range(len(network)):
        network[k] -= network_step * slope[k]
        slope[k] = _ZERO


@parallel
def item_half(network: Matrix, items: Matrix) -> Matrix:
    """Return float32[N, 64]: what each item contributes to the first layer."""
    dim = items.shape[1]
    (_, weights, _), _ = layers(network, dim)
    turned = weights.T.copy()
    out = np.zeros((len(items), _FIRST), np.float32)
    for block in numba.prange((len(items) + BLOCK - 1) // BLOCK):
        own = slice(block * BLOCK, (block + 1) * BLOCK)
        add_product(out[own], items[own], turned, _FIRST)
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
    hidden = by_layer(np.empty((ALL_UNITS, BLOCK), np.float32))
    _, upper = layers(network, len(vector))
    user_half(network, vector, half)
    for start in range(0, len(candidates), BLOCK):
        n = min(BLOCK, len(candidates) - start)
        for b in range(n):
            theirs = halves[candidates[start + b]]
            for unit in range(_FIRST):
                hidden[0][unit, b] = half[unit] + theirs[unit]
        forward(upper, hidden, n)
        for b in range(n):
            out[start + b] = hidden[3][0, b]
