"""Where Lloyd's algorithm starts: rows drawn in proportion to their squared distance.

One by one where that is quick: k-means++ (Arthur and Vassilvitskii, SODA 2007). In a few large
draws where it is not: k-means|| (Bahmani et al., VLDB 2012), which draws more centres than are
wanted.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.lanes import copy, squared_distance
from fedras.kernels.nearest import all_take_over, lay_out, squared_distances
from fedras.kernels.random import below, uniform

U = np.uint64  # as an index it need not be looked at for a sign
_BLOCK = 64
_SURE = np.float32(0.2499)  # a quarter, less what rounding could make of it


@jit
def one_by_one(
    x: NDArray[np.float32],
    k: int,
    key: np.uint64,
    centroids: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> tuple[int, bool]:
    """Draw up to k rows as centres by k-means++ and assign each row to its nearest.

    Returns how many, fewer if no other rows remain, and whether every row is one of them.
    """
    n = len(x)
    apart = np.zeros((n + _BLOCK - 1) // _BLOCK * _BLOCK, np.float32)
    apart[:n] = np.inf
    assignment[:] = 0
    reach = np.empty(len(apart) // _BLOCK, np.float64)
    near, closer = np.empty(k, np.float32), np.empty(n + 1, np.int32)
    chosen = below(key, np.uint64(0), n)
    for j in range(k):
        centre = centroids[j]
        copy(centre, x[chosen])
        near[0] = 0  # of the first centre all rows are candidates
        for other in range(j):
            near[other] = _SURE * squared_distance(centre, centroids[other])
        for row in closer[: _candidates(apart, assignment, near, closer)]:
            i = U(row)
            distance = squared_distance(x[i], centre)
            if distance < apart[i]:
                apart[i] = distance
                assignment[i] = j
        total = _add_up(apart, reach)
        if total == 0.0:
            return j + 1, True
        chosen = _reached(apart, reach, uniform(key, np.uint64(j + 1)) * total)
    return k, False


@jit
def _candidates(
    apart: NDArray[np.float32],
    assignment: NDArray[np.int32],
    near: NDArray[np.float32],
    closer: NDArray[np.int32],
) -> int:
    """List the rows that may be closer to the new centre than to their own; return their number.

    By the triangle inequality none is that is closer to its own than half way to the new one
    (Elkan, ICML 2003): a client's update has so many small rows that four in five are passed over.
    """
    count = U(0)
    for i in range(len(assignment)):
        closer[count] = i
        count += U(apart[i] > near[U(assignment[i])])
    return int(np.int64(count))


@jit
def _add_up(apart: NDArray[np.float32], reach: NDArray[np.float64]) -> float:
    """Write the sum of all rows up to the end of each block of rows; return the whole."""
    total = 0.0
    for block in range(len(reach)):
        a = b = c = e = p = q = r = s = 0.0
        for i in range(block * _BLOCK, (block + 1) * _BLOCK, 8):  # eight sums that need not wait
            a += apart[i]
            b += apart[i + 1]
            c += apart[i + 2]
            e += apart[i + 3]
            p += apart[i + 4]
            q += apart[i + 5]
            r += apart[i + 6]
            s += apart[i + 7]
        total += ((a + b) + (c + e)) + ((p + q) + (r + s))
        reach[block] = total
    return total


@jit
def _reached(apart: NDArray[np.float32], reach: NDArray[np.float64], target: float) -> int:
    """Return the first row up to which the rows add up to more than ``target``."""
    block = 0
    while block < len(reach) - 1 and reach[block] <= target:
        block += 1
    so_far = reach[block - 1] if block else 0.0
    last = 0
    for i in range(block * _BLOCK, (block + 1) * _BLOCK):
        if apart[i] > 0:
            last = i
            so_far += apart[i]
            if so_far > target:
                return i
    return last


def in_rounds(
    x: NDArray[np.float32], most: int, rounds: int, key: np.uint64
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Draw up to ``most`` rows as centres by k-means||, on all threads.

    The first is any row; then each round draws an equal share. A row that is drawn twice is one
    centre.

    Returns
    -------
    The centres, float32[m, d], and each row's nearest, int32[n].
    """
    centroids = x[[below(key, np.uint64(0), len(x))]]
    assignment = np.zeros(len(x), np.int32)
    score = np.full(len(x), -np.inf, np.float32)
    apart = np.empty(len(x), np.float32)
    all_take_over(x, *lay_out(centroids), 0, score, assignment)
    for turn in range(rounds):
        start, end = (1 + (most - 1) * t // rounds for t in (turn, turn + 1))
        squared_distances(x, centroids, assignment, apart)
        new = x[_spread(apart, start, end, key)]
        if len(new):
            all_take_over(x, *lay_out(new), len(centroids), score, assignment)
            centroids = np.concatenate((centroids, new))
    return centroids, assignment


@jit
def _spread(apart: NDArray[np.float32], start: int, end: int, key: np.uint64) -> NDArray[np.int64]:
    """Make the draws number ``start`` to ``end`` - 1: rows in proportion to ``apart``.

    The sum is cut into as many slices as there are draws, and one row is drawn from each: no
    region is drawn from much more often than is its due. Returns ascending rows, each once.
    """
    total = 0.0
    for i in range(len(apart)):
        total += apart[i]
    chosen = np.empty(end - start, np.int64)
    count = 0
    row, so_far = 0, np.float64(apart[0])
    for turn in range(start, end if total > 0 else start):
        target = (turn - start + uniform(key, np.uint64(turn))) / (end - start) * total
        while so_far <= target and row < len(apart) - 1:
            row += 1
            so_far += apart[row]
        if count == 0 or chosen[count - 1] != row:
            chosen[count] = row
            count += 1
    return chosen[:count]
