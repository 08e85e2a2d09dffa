"""Local training of matrix factorisation: one client after another."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.gather import copy_rows, write_change
from fedras.kernels.jit import jit, long, parallel
from fedras.kernels.lanes import add_weighted, combine, dot
from fedras.kernels.sampling import draw_samples, epoch_order, shuffle
from fedras.kernels.sigmoid import sigmoid
from fedras.kernels.span import step_within

Matrix = NDArray[np.float32]
Client = tuple[Matrix, Matrix, Matrix, NDArray[np.int32]]
"""A client in training: its vector, its rows, the span of the items' moves, and its samples."""
Scratch = tuple[Matrix, Matrix, NDArray[np.int32], NDArray[np.int32], Matrix, Matrix]
"""Memory for any client; see `_scratch`."""


@long
def train_clients(
    vectors: NDArray[np.float32],
    replicas: NDArray[np.float32],
    span: NDArray[np.float32],
    stream: NDArray[np.int64],
    positives: NDArray[np.int32],
    bounds: NDArray[np.int64],
    keys: NDArray[np.uint64],
    settings: tuple[int, int, int, float, float, float, bool],
    shares: NDArray[np.float64],
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Train each client on its own interactions, from its replica of the item matrix.

    Parameters
    ----------
    vectors
        float32[C, d], the clients' private vectors; trained in place.
    replicas
        float32[S, N, d], one item matrix per stream; left as they are.
    span
        float32[S, r, d], the orthonormal directions in which the items of a stream's clients may
        move; r = 0 where they move freely.
    stream
        int64[C], which stream a client hears.
    positives, bounds
        Client c interacted with the items ``positives[bounds[c]:bounds[c + 1]]``.
    keys
        uint64[C], one stream of random numbers per client.
    settings
        Local epochs, batch size, negatives per positive and epoch, learning rate, weight decay of
        the vectors and of the item rows, and whether the last number of a vector is always 1.
    shares
        float64[C], how much of the weight decay each client's steps take.
    rows, values, starts, counts
        Out: the touched rows, ascending, what training added to each, and how many there are, from
        ``starts[c]`` on, where there is room for every item that the client can touch (`Updates`).
    """
    per_positive = settings[0] * settings[2]
    place = np.full(replicas.shape[1], -1, np.int32)
    space = _scratch(bounds, per_positive, settings[1], replicas.shape[1:])
    for c in range(len(keys)):
        own = rows[starts[c] :]
        liked = positives[bounds[c] : bounds[c + 1]]
        samples, n, used = draw_samples(liked, per_positive, keys[c], place, own)
        items = replicas[stream[c]]
        local = space[0][:n]
        copy_rows(items, own[:n], local)
        client = vectors[c], local, span[stream[c]], samples
        decay, row_decay = settings[4] * shares[c], settings[5] * shares[c]
        mine = (*settings[:4], decay, row_decay, settings[6])
        _sgd(client, len(liked), mine, keys[c], np.uint64(used), space)
        write_change(items, own[:n], local, values[starts[c] : starts[c] + n])
        counts[c] = n


@jit
def _scratch(
    bounds: NDArray[np.int64], per_positive: int, batch: int, shape: tuple[int, int]
) -> Scratch:
    """Return memory for any client: its rows, tallies by row, and scores by sample of a batch."""
    most = 0
    for c in range(len(bounds) - 1):
        most = max(most, bounds[c + 1] - bounds[c])
    n = min(shape[0], most * (1 + per_positive))
    local, gradient = np.empty((n, shape[1]), np.float32), np.empty(shape[1], np.float32)
    error, seen = np.zeros(n, np.float32), np.zeros(n, np.int32)
    return local, error, seen, np.empty(n + 1, np.int32), np.empty(batch, np.float32), gradient


@jit
def _sgd(
    client: Client,
    positives: int,
    settings: tuple[int, int, int, float, float, float, bool],
    key: np.uint64,
    counter: np.uint64,
    space: Scratch,
) -> None:
    """Minimise the cross-entropy of sigmoid(p.q), p and q in place; see `train_clients`."""
    epochs, batch = settings[:2]
    samples = client[3]
    share = (len(samples) - positives) // epochs
    for epoch in range(epochs):
        order = epoch_order(positives, positives + epoch * share, share)
        counter = shuffle(order, key, counter)
        for start in range(0, len(order), batch):
            _step(client, order[start : start + batch], positives, settings, space)


@jit
def _step(
    client: Client,
    picked: NDArray[np.int64],
    positives: int,
    settings: tuple[int, int, int, float, float, float, bool],
    space: Scratch,
) -> None:
    """Take one step with the samples ``picked``; those below ``positives`` have the label 1.

    The user's vector moves by the mean gradient of the batch, an item's row by the mean over its
    own occurrences in the batch; both shrink by the learning rate times their weight decay at each
    step that moves them.
    """
    vector, local, span, samples = client
    _, error, seen, touched, scores, gradient = space
    n = len(picked)
    for i in range(n):
        scores[i] = dot(vector, local[samples[picked[i]]])
    sigmoid(scores[:n])
    n_touched = _tally(scores, samples, picked, positives, error, seen, touched)
    gradient[:] = np.float32(0)
    add_weighted(gradient, error, local, touched[:n_touched])
    rate, decay, row_decay, biased = settings[3:]
    if len(span) > 0:
        _move_within(client, rate, row_decay, touched[:n_touched], space)
    else:
        _move(client, rate, row_decay, touched[:n_touched], space)
    keep, step = np.float32(1 - rate * decay), np.float32(rate) / np.float32(n)
    combine(vector, keep, vector, -step, gradient)
    if biased:
        vector[len(vector) - 1] = np.float32(1)


@jit
def _move(
    client: Client, rate: float, decay: float, touched: NDArray[np.int32], space: Scratch
) -> None:
    """Move the touched rows and clear the tally."""
    vector, local, _, _ = client
    _, error, seen, _, _, _ = space
    keep = np.float32(1 - rate * decay)
    for row in touched:
        item = local[row]
        step = np.float32(rate) * error[row] / np.float32(seen[row])
        combine(item, keep, item, -step, vector)
        error[row] = np.float32(0)
        seen[row] = 0


@jit
def _move_within(
    client: Client, rate: float, decay: float, touched: NDArray[np.int32], space: Scratch
) -> None:
    """Do what `_move` does within the span: apart, because it would slow down that loop."""
    vector, local, span, _ = client
    _, error, seen, _, _, _ = space
    for row in touched:
        item = local[row]
        step = np.float32(rate) * error[row] / np.float32(seen[row])
        step_within(span, item, vector, step, np.float32(rate * decay))
        error[row] = np.float32(0)
        seen[row] = 0


@jit
def _tally(
    probability: NDArray[np.float32],
    samples: NDArray[np.int32],
    picked: NDArray[np.int64],
    positives: int,
    error: NDArray[np.float32],
    seen: NDArray[np.int32],
    touched: NDArray[np.int32],
) -> int:
    """Add up by row how wrong its samples are and how many; list the rows, return their number."""
    n_touched = 0
    for i in range(len(picked)):
        row = samples[picked[i]]
        touched[n_touched] = row  # without a branch, which would be taken at random
        n_touched += seen[row] == 0
        seen[row] += 1
        error[row] += probability[i] - np.float32(picked[i] < positives)
    return n_touched


@parallel
def score_all(vectors: NDArray[np.float32], items: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[B, N]: each user's dot product with each item, summed in a fixed order."""
    out = np.empty((len(vectors), len(items)), np.float32)
    for user in numba.prange(len(vectors)):
        for i in range(len(items)):
            out[user, i] = dot(vectors[user], items[i])
    return out


@parallel
def score_some(
    vectors: NDArray[np.float32], items: NDArray[np.float32], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Return float32[B, K]: each user's dot product with its own candidates, int32[B, K]."""
    out = np.empty(candidates.shape, np.float32)
    for user in numba.prange(len(vectors)):
        for k in range(candidates.shape[1]):
            out[user, k] = dot(vectors[user], items[candidates[user, k]])
    return out
