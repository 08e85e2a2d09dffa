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
    found = np.empty(min(len(place), m * (1 + negatives)) + 1, np.int32)
    n = 0
    for item in positives:
        found[n] = item  # without a branch, which would be taken at random
        n += place[item] == _UNSEEN
        place[item] = _LIKED
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
        found[n] = item
        n += place[item] == _UNSEEN
        place[item] = _DRAWN
        samples[i] = item
    _number(found[: n + 1], place)
    for i in range(len(samples)):
        samples[i] = place[samples[i]]
    for r in range(n):
        rows[r] = found[r]
        place[found[r]] = _UNSEEN
    return samples, n, counter


@jit
def _number(found: NDArray[np.int32], place: NDArray[np.int32]) -> None:
    """Sort all rows but the last, whose places are not -1; write each one's rank to its place."""
    last = len(found) - 1
    if _DENSE * last > len(place):
        n = 0
        for item in range(len(place)):
            taken = place[item] != _UNSEEN
            found[n] = item
            place[item] = n if taken else _UNSEEN
            n += taken
    else:
        found[:last].sort()
        for r in range(last):
            place[found[r]] = r


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
