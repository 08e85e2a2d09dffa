"""What a client trains on: its own items, and items it never touched, in shuffled order."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.random import below

_UNSEEN, _LIKED, _DRAWN = -1, -2, -3
U = np.uint64
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
    m, size = len(positives), len(place)
    found = np.empty(min(size, m * (1 + negatives)) + 1, np.int32)
    n = U(0)
    for item in positives:
        found[n] = item  # without a branch, which would be taken at random; so below
        n += U(place[item] == _UNSEEN)
        place[item] = _LIKED
    drawn = m * negatives if n < size else 0
    samples = np.empty(m + drawn + 1, np.int32)
    samples[:m] = positives
    i, counter = U(m), U(0)
    while i < m + drawn:
        drew = U(below(key, counter, size))
        counter += U(1)
        before = place[drew]
        samples[i] = found[n] = drew
        n += U(before == _UNSEEN)
        i += U(before != _LIKED)
        place[drew] = _LIKED if before == _LIKED else _DRAWN
    _number(found[: n + U(1)], place)
    for k in range(m + drawn):
        samples[k] = place[samples[k]]
    for r in range(n):
        rows[r] = found[r]
        place[found[r]] = _UNSEEN
    return samples[: m + drawn], int(np.int64(n)), int(np.int64(counter))


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
