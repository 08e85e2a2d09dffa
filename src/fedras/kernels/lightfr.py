"""Local training of binary codes: discrete coordinate descent, one client after another; votes."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, long
from fedras.kernels.random import uniform
from fedras.kernels.sampling import draw_samples

_FIRST_COUNTER = np.uint64(1 << 63)


@long
def train_clients(
    vectors: NDArray[np.float32],
    replicas: NDArray[np.float32],
    stream: NDArray[np.int64],
    positives: NDArray[np.int32],
    bounds: NDArray[np.int64],
    keys: NDArray[np.uint64],
    settings: tuple[int, int],
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Fit each client's code b to its items' codes d, then find how the items should move.

    With y = 1 for a positive and -1 for a sampled negative, the loss is the weighted sum of
    (y - b.d / f)^2; positives and negatives have the same weight in total. Down its slope an item
    moves along (y - b.d / f) b: towards y b, its optimum for this client, by what is still wrong.

    Parameters
    ----------
    vectors
        float32[C, f], of which the signs are the clients' codes; codes of -1 and 1 afterwards.
    replicas
        float32[S, N, f], of which the signs are the items' codes, by stream; left as they are.
    stream, positives, bounds, keys
        As in `mf.train_clients`.
    settings
        Negatives per positive, and how often to go through the bits at most.
    rows, values, starts, counts
        Out: the touched items, ascending, the step of each, and how many there are.
    """
    negatives, sweeps = settings
    dim = vectors.shape[1]
    place = np.full(replicas.shape[1], -1, np.int32)
    code = np.empty(dim, np.int64)
    for c in range(len(keys)):
        own = rows[starts[c] :]
        liked = positives[bounds[c] : bounds[c + 1]]
        samples, n, _ = draw_samples(liked, negatives, keys[c], place, own)
        items = _signs(replicas[stream[c]], own[:n])
        labels, weights = _weigh(samples, len(liked), n)
        for f in range(dim):
            code[f] = -1 if vectors[c, f] < 0 else 1
        error = _descend(code, items, labels, weights, sweeps)
        for f in range(dim):
            vectors[c, f] = code[f]
        for r in range(n):
            for f in range(dim):
                values[starts[c] + r, f] = np.float32(error[r] * code[f]) / np.float32(dim)
        counts[c] = n


@jit
def draw_votes(step: NDArray[np.float32], key: np.uint64) -> NDArray[np.bool_]:
    """Return bool[n]: which rows a client votes on, with probability by length, the longest always.

    The expected vote on a row then is in proportion to its step, where numbers are about equally
    large, although a vote has only signs.

    Parameters
    ----------
    step
        float32[n, f], finite.
    key
        The client's stream of random numbers; the counters from 2^63 are used, which local training
        never reaches.
    """
    length = np.zeros(len(step))
    for r in range(len(step)):
        for f in range(step.shape[1]):
            length[r] += abs(step[r, f])
    longest = length.max() if len(length) else 0.0
    kept = np.empty(len(step), np.bool_)
    for r in range(len(step)):
        kept[r] = uniform(key, _FIRST_COUNTER + np.uint64(r)) * longest < length[r]
    return kept


@jit
def _signs(items: NDArray[np.float32], rows: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return int64[f, n], the signs of the rows as columns, which the descent sums over."""
    out = np.empty((items.shape[1], len(rows)), np.int64)
    for r in range(len(rows)):
        for f in range(items.shape[1]):
            out[f, r] = -1 if items[rows[r], f] < 0 else 1
    return out


@jit
def _weigh(
    samples: NDArray[np.int32], positives: int, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the label of each of ``n`` items, and its weight: its share of positives or negatives.

    A positive counts as often as there are negatives to it, so that all weights are whole numbers.
    """
    labels, weights = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    share = max(1, (len(samples) - positives) // positives) if positives else 1
    for i in range(len(samples)):
        weights[samples[i]] += share if i < positives else 1
        if i < positives:
            labels[samples[i]] = 1
    return labels, weights


@jit
def _descend(
    code: NDArray[np.int64],
    items: NDArray[np.int64],
    labels: NDArray[np.int64],
    weights: NDArray[np.int64],
    sweeps: int,
) -> NDArray[np.int64]:
    """Set one bit of ``code`` after another to its optimum, in place, until none changes.

    A tie leaves the bit as it is. Returns int64[n], f y - b.d of each item.
    """
    dim = len(code)
    error = dim * labels
    for f in range(dim):
        error -= code[f] * items[f]
    total = weights.sum()
    for _ in range(sweeps):
        changed = False
        for f in range(dim):
            slope = code[f] * total
            for r in range(len(labels)):
                slope += weights[r] * error[r] * items[f, r]
            if slope * code[f] < 0:
                code[f] = -code[f]
                changed = True
                for r in range(len(labels)):
                    error[r] -= 2 * code[f] * items[f, r]
        if not changed:
            break
    return error
