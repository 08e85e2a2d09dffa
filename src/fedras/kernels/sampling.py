"""What a client trains on: its own items, and items it never touched, in shuffled order."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.random import below

_UNSEEN, _LIKED, _DRAWN = -1, -2, -3
_DENSE = 20  # looking at every place is faster than sorting if at least one in so many is taken


@jit
def draw_samples(
    positives: NDArray[np.int32],
    negatives: int,
    key: np.uint64,
    place: NDArray[np.int32],
    rows: NDArray[np.int32],
) -> tuple[NDArray[np.int32], int, int]:
    """Draw ``negatives`` items per positive among those that are no positives.

    Parameters
    ----------
    positives
        int32[m], the client's items; one that occurs twice is a positive twice.
    negatives
        Drawn with replacement, uniformly; none where every item is a positive.
    key
        The client's stream of random numbers; the counters from 0 are used.
    place
        int32[N] of -1: scratch memory, returned as it came.
    rows
        Out: the distinct items, ascending, in its first elements.

    Returns
    -------
    The samples, int32[m * (1 + negatives)], positives first, as positions in ``rows``; the number
    of distinct items; and the next unused counter.
    """
    m = len(positives)
    n = 0
    for item in positives:
        if place[item] == _UNSEEN:
            place[item] = _LIKED
            rows[n] = item
            n += 1
    drawn = m * negatives if n < len(place) else 0
    samples = np.empty(m + drawn, np.int32)
    for i in range(m):
        samples[i] = positives[i]
    counter = 0
    for i in range(m, m + drawn):
        item = below(key, np.uint64(counter), len(place))
        counter += 1
        while place[item] == _LIKED:
            item = below(key, np.uint64(counter), len(place))
            counter += 1
        if place[item] == _UNSEEN:
            place[item] = _DRAWN
            rows[n] = item
            n += 1
        samples[i] = item
    _number(rows[:n], place)
    for i in range(len(samples)):
        samples[i] = place[samples[i]]
    for r in range(n):
        place[rows[r]] = _UNSEEN
    return samples, n, counter


@jit
def _number(rows: NDArray[np.int32], place: NDArray[np.int32]) -> None:
    """Sort the rows, whose places are not -1, and write each one's rank to its place."""
    if _DENSE * len(rows) > len(place):
        n = 0
        for item in range(len(place)):
            if place[item] != _UNSEEN:
                rows[n] = item
                place[item] = n
                n += 1
    else:
        rows.sort()
        for r in range(len(rows)):
            place[rows[r]] = r


@jit
def epoch_order(positives: int, first: int, share: int) -> NDArray[np.int64]:
    """Return the samples of one epoch: all positives, and ``share`` negatives from ``first`` on."""
    order = np.arange(positives + share)
    for i in range(positives, len(order)):
        order[i] += first - positives
    return order


@jit
def shuffle(order: NDArray[np.int64], key: np.uint64, counter: np.uint64) -> np.uint64:
    """Shuffle in place (Fisher and Yates); return the next unused counter."""
    for i in range(len(order) - 1, 0, -1):
        j = below(key, counter, i + 1)
        order[i], order[j] = order[j], order[i]
        counter += np.uint64(1)
    return counter
