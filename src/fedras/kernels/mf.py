"""Local training of matrix factorisation: one client after another, many threads."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.gather import copy_rows, subtract_rows
from fedras.kernels.jit import jit, parallel
from fedras.kernels.sampling import draw_samples, epoch_order, shuffle
from fedras.kernels.span import step_within


@parallel
def train_clients(
    vectors: NDArray[np.float32],
    replicas: NDArray[np.float32],
    span: NDArray[np.float32],
    stream: NDArray[np.int64],
    positives: NDArray[np.int32],
    bounds: NDArray[np.int64],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    keys: NDArray[np.uint64],
    workers: int,
    settings: tuple[int, int, int, float, float, float],
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    count: NDArray[np.int64],
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
    offsets
        int64[C + 1], where a client's part of ``rows`` and ``values`` begins; a part has room for
        every item that the client can touch.
    order
        int64[C], the order in which clients are dealt to the workers.
    keys
        uint64[C], one stream of random numbers per client.
    workers
        The number of threads.
    settings
        Local epochs, batch size, negatives per positive and epoch, learning rate, weight decay of
        the vectors and of the item rows.
    rows, values, count
        Out: the touched rows, ascending, what training added to each, and how many there are.
    """
    per_positive = settings[0] * settings[2]
    for worker in numba.prange(workers):
        place = np.full(replicas.shape[1], -1, np.int32)
        for turn in range(worker, len(order), workers):
            c = order[turn]
            own = rows[offsets[c] : offsets[c + 1]]
            liked = positives[bounds[c] : bounds[c + 1]]
            samples, n, used = draw_samples(liked, per_positive, keys[c], place, own)
            items = replicas[stream[c]]
            local = values[offsets[c] : offsets[c] + n]
            copy_rows(items, own[:n], local)
            directions = span[stream[c]]
            counter = np.uint64(used)
            _sgd(vectors[c], local, directions, samples, len(liked), settings, keys[c], counter)
            subtract_rows(items, own[:n], local)
            count[c] = n


@jit
def _sgd(
    vector: NDArray[np.float32],
    local: NDArray[np.float32],
    span: NDArray[np.float32],
    samples: NDArray[np.int32],
    positives: int,
    settings: tuple[int, int, int, float, float, float],
    key: np.uint64,
    counter: np.uint64,
) -> None:
    """Minimise the cross-entropy of sigmoid(p.q), p and q in place; see `train_clients`."""
    epochs = settings[0]
    share = (len(samples) - positives) // epochs
    for epoch in range(epochs):
        order = epoch_order(positives, positives + epoch * share, share)
        counter = shuffle(order, key, counter)
        _epoch(vector, local, span, samples, order, positives, settings)


@jit
def _epoch(
    vector: NDArray[np.float32],
    local: NDArray[np.float32],
    span: NDArray[np.float32],
    samples: NDArray[np.int32],
    order: NDArray[np.int64],
    positives: int,
    settings: tuple[int, int, int, float, float, float],
) -> None:
    """Go once through the samples ``order``, in place: the first ``positives`` have the label 1.

    The user's vector moves by the mean gradient of the batch, an item's row by the mean over its
    own occurrences in the batch; both shrink by the learning rate times their weight decay at each
    step that moves them.
    """
    error = np.zeros(len(local), np.float32)
    seen = np.zeros(len(local), np.int32)
    touched = np.empty(len(local), np.int32)
    gradient = np.empty(len(vector), np.float32)
    batch, rate = settings[1], settings[3]
    shrink, row_shrink = rate * settings[4], rate * settings[5]
    keep, keep_row = np.float32(1 - shrink), np.float32(1 - row_shrink)
    for start in range(0, len(order), batch):
        end = min(start + batch, len(order))
        gradient[:] = np.float32(0)
        n_touched = 0
        for i in range(start, end):
            row = samples[order[i]]
            item = local[row]
            score = np.float32(0)
            for f in range(len(vector)):
                score += vector[f] * item[f]
            wrong = np.float32(1) / (np.float32(1) + math.exp(-score))
            if order[i] < positives:
                wrong -= np.float32(1)
            for f in range(len(vector)):
                gradient[f] += wrong * item[f]
            if seen[row] == 0:
                touched[n_touched] = row
                n_touched += 1
            seen[row] += 1
            error[row] += wrong
        for t in range(n_touched):
            row = touched[t]
            step = np.float32(rate) * error[row] / np.float32(seen[row])
            if len(span) > 0:
                step_within(span, local[row], vector, step, np.float32(row_shrink))
            else:
                for f in range(len(vector)):
                    local[row, f] = keep_row * local[row, f] - step * vector[f]
            error[row] = np.float32(0)
            seen[row] = 0
        step = np.float32(rate) / np.float32(end - start)
        for f in range(len(vector)):
            vector[f] = keep * vector[f] - step * gradient[f]


@parallel
def score_all(vectors: NDArray[np.float32], items: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[B, N]: each user's dot product with each item, summed in a fixed order."""
    out = np.empty((len(vectors), len(items)), np.float32)
    for user in numba.prange(len(vectors)):
        for i in range(len(items)):
            out[user, i] = _dot(vectors[user], items[i])
    return out


@parallel
def score_some(
    vectors: NDArray[np.float32], items: NDArray[np.float32], candidates: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Return float32[B, K]: each user's dot product with its own candidates, int32[B, K]."""
    out = np.empty(candidates.shape, np.float32)
    for user in numba.prange(len(vectors)):
        for k in range(candidates.shape[1]):
            out[user, k] = _dot(vectors[user], items[candidates[user, k]])
    return out


@jit
def _dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for f in range(len(a)):
        total += a[f] * b[f]
    return total
