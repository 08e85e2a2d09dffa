"""Ward's agglomeration: merge groups until few are left, each time the two that lose least."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.lanes import first_largest
from fedras.kernels.nearest import lay_out, scores
from fedras.kernels.product import ROWS

_NEVER = np.float32(-np.inf)


def merge(centroids: NDArray[np.float32], count: NDArray[np.int64], k: int) -> NDArray[np.int32]:
    """Merge groups until ``k`` are left.

    Parameters
    ----------
    centroids, count
        float32[m, d] and int64[m], the groups' means and sizes, no group being empty.

    Returns
    -------
    int32[m], the new group of each, in [0, k).
    """
    pairs, _ = merges(centroids, count, k)
    return apply(pairs, len(centroids))


@jit
def merges(
    centroids: NDArray[np.float32], count: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the merges that leave ``k`` groups (Ward, Journal of the ASA 58(301), 1963).

    Merging two groups of a and b rows adds a b / (a + b) |difference of the means|^2 to the
    inertia; each time the two merge that add least. What later merges add follows from what
    earlier ones would have (Lance and Williams, The Computer Journal 9(4), 1967).

    Returns
    -------
    int32[m - k, 2], in order: the second group goes into the first, which comes before it; and
    float32[m - k], what each merge adds to the inertia, not decreasing but for rounding.
    """
    m = len(centroids)
    gain = _gains(centroids, count)
    weight = count.astype(np.float32)
    pairs, added = np.empty((m - k, 2), np.int32), np.empty(m - k, np.float32)
    gone = np.zeros(gain.shape[1], np.float32)
    room = np.empty_like(gone)
    partner = np.empty(m, np.int64)
    highest = np.full(gain.shape[1], _NEVER, np.float32)
    for i in range(m):
        partner[i] = first_largest(gain[i])
        highest[i] = gain[i, partner[i]]
    for step in range(m - k):
        one = first_largest(highest)
        a, b = min(one, partner[one]), max(one, partner[one])
        pairs[step, 0], pairs[step, 1], added[step] = a, b, -gain[a, b]
        _join(gain, weight, a, b)
        gone[b], highest[a], highest[b] = _NEVER, _NEVER, _NEVER
        for i in range(m):
            if gone[i] < 0:
                continue
            gain[i, a] = gain[a, i]
            if gain[i, a] > highest[i] and i != a:
                partner[i], highest[i] = a, gain[i, a]
            elif i == a or partner[i] == a or partner[i] == b:
                for j in range(len(room)):
                    room[j] = gain[i, j] + gone[j]
                partner[i] = first_largest(room)
                highest[i] = room[partner[i]]
    return pairs, added


@jit
def _gains(centroids: NDArray[np.float32], count: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return float32[m, M], minus what each merge would add; with itself a group never merges."""
    m = len(centroids)
    columns, bias = lay_out(centroids)
    gain = np.full((m, len(bias)), _NEVER, np.float32)
    some = np.empty((ROWS, len(bias)), np.float32)
    for first in range(0, m, ROWS):
        scores(centroids, first, columns, bias, some)
        for i in range(first, min(m, first + ROWS)):
            a = np.float32(count[i])
            for j in range(m):
                b = np.float32(count[j])
                apart = np.float32(-2) * (bias[i] + some[i - first, j])
                gain[i, j] = -max(apart, np.float32(0)) * (a * b / (a + b))
            gain[i, i] = _NEVER
    return gain


@jit
def _join(gain: NDArray[np.float32], weight: NDArray[np.float32], a: int, b: int) -> None:
    """Let group a take in group b: its size and what merging it with any other would add."""
    one, other, lost = weight[a], weight[b], gain[a, b]
    for j in range(len(weight)):
        third = weight[j]
        both = (one + third) * gain[a, j] + (other + third) * gain[b, j]
        gain[a, j] = (both - third * lost) / (one + other + third)
    gain[a, a] = _NEVER
    weight[a] = one + other


@jit
def apply(pairs: NDArray[np.int32], m: int) -> NDArray[np.int32]:
    """Return int32[m], the group of each of m groups after ``pairs`` of them have merged."""
    into = np.arange(m).astype(np.int32)
    for step in range(len(pairs)):
        into[pairs[step, 1]] = pairs[step, 0]
    group = np.empty(m, np.int32)
    k = 0
    for i in range(m):  # a group goes into one before it, whose number is known
        if into[i] == i:
            group[i] = k
            k += 1
        else:
            group[i] = group[into[i]]
    return group
