"""K-means of the rows of a float32 matrix: Lloyd's algorithm from a good start.

Small matrices start from k-means++, which draws each next centre from the rows with a probability
proportional to the squared distance to the centres so far. A client's update has a few large rows
among many small ones; from uniformly drawn rows ten iterations do not find what one iteration
finds from this start.

Large matrices, of `LARGE` pairs of a row and a group or more, have an algorithm of their own,
`fedras.kernels.large`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.gather import bounds_of
from fedras.kernels.jit import jit, long
from fedras.kernels.large import cluster_large
from fedras.kernels.means import all_move, drop_empty, move, sizes
from fedras.kernels.nearest import FEW, largest_size, lay_out, take_over, take_over_few, turn
from fedras.kernels.seeding import one_by_one

LARGE = 1 << 20
_SMALL, _HUGE = np.float32(1e-12), np.float32(1e12)
_LEAST = np.float32(1.2e-38)  # the reciprocal of what is smaller overflows


class Groups(NamedTuple):
    """The groups of the rows of one matrix or many.

    Attributes
    ----------
    centroids, first
        float32[k, d] and int64[C + 1]: those of matrix c are
        ``centroids[first[c]:first[c + 1]]``.
    assignment, bounds
        int32[n] and int64[C + 1]: ``assignment[bounds[c]:bounds[c + 1]]`` numbers the groups of
        its rows, each from 0.
    """

    centroids: NDArray[np.float32]
    first: NDArray[np.int64]
    assignment: NDArray[np.int32]
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, centroids: NDArray[np.float32], assignment: NDArray[np.int32]) -> "Groups":
        """Return the groups of one matrix."""
        ends = np.array([0, len(centroids)]), np.array([0, len(assignment)])
        return cls(centroids, ends[0], assignment, ends[1])


def cluster(
    values: NDArray[np.float32], k: int, iterations: int, key: np.uint64
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Cluster the rows of float32[n, d] into at most ``k`` non-empty groups.

    Returns the centroids, float32[k, d], and the number of each row's group, int32[n].
    """
    whole = np.zeros(1, np.int64), np.array([len(values)])
    groups = cluster_all(values, *whole, k, iterations, np.array([key], np.uint64))
    return groups.centroids, groups.assignment


def cluster_all(
    values: NDArray[np.float32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    k: int,
    iterations: int,
    keys: NDArray[np.uint64],
) -> Groups:
    """Cluster each of some matrices by itself.

    One that holds a NaN or infinity becomes one group around NaN.

    Parameters
    ----------
    values, starts, counts
        float32[m, d], and int64[C] each: matrix c is the ``counts[c]`` rows from ``starts[c]`` on.
    k
        The largest number of groups of each; no more than rows are used.
    iterations
        Of Lloyd's algorithm at most, the first from the start's own assignment; it ends earlier
        when no row changes its group, or in a large matrix no more than one in ten: what follows
        lowers the inertia by less than a hundredth.
    keys
        uint64[C], one stream of random numbers per matrix.
    """
    values = np.ascontiguousarray(values)
    bounds = bounds_of(counts)
    assignment = np.empty(bounds[-1], np.int32)
    centroids = np.empty((len(counts), min(k, counts.max(initial=0)), values.shape[1]), np.float32)
    used = np.zeros(len(counts), np.int64)
    large = counts * k >= LARGE
    _cluster_each(values, starts, bounds, large, iterations, keys, centroids, assignment, used)
    for c in np.flatnonzero(large):
        own = values[starts[c] : starts[c] + counts[c]]
        found, groups = _large(own, min(k, len(own)), iterations, keys[c])
        used[c] = len(found)
        centroids[c, : used[c]], assignment[bounds[c] : bounds[c + 1]] = found, groups
    first = bounds_of(used)
    kept = np.arange(centroids.shape[1]) < used[:, None]
    return Groups(centroids[kept], first, assignment, bounds)


def means(
    values: NDArray[np.float32], assignment: NDArray[np.int32], k: int
) -> NDArray[np.float32]:
    """Return float32[k, d], the mean of each group's rows; no group may be empty."""
    centroids = np.empty((k, values.shape[1]), np.float32)
    moving = all_move if len(values) * k >= LARGE else move
    moving(values, assignment, sizes(assignment, k), centroids)
    return centroids


def _large(
    x: NDArray[np.float32], k: int, iterations: int, key: np.uint64
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    scale = _scale(x)
    if scale == 0:
        return np.full((1, x.shape[1]), np.nan, np.float32), np.zeros(len(x), np.int32)
    centroids, assignment = cluster_large(x if scale == 1 else x * scale, k, iterations, key)
    return centroids / scale, assignment


@long
def _cluster_each(
    values: NDArray[np.float32],
    starts: NDArray[np.int64],
    bounds: NDArray[np.int64],
    large: NDArray[np.bool_],
    iterations: int,
    keys: NDArray[np.uint64],
    centroids: NDArray[np.float32],
    assignment: NDArray[np.int32],
    used: NDArray[np.int64],
) -> None:
    """Cluster the matrices that are not ``large``; see `cluster_all`."""
    for c in range(len(keys)):
        if not large[c]:
            x = values[starts[c] : starts[c] + bounds[c + 1] - bounds[c]]
            own = assignment[bounds[c] : bounds[c + 1]]
            used[c] = lloyd(x, iterations, keys[c], centroids[c], own)


@jit
def lloyd(
    x: NDArray[np.float32],
    iterations: int,
    key: np.uint64,
    centroids: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> int:
    """Cluster ``x``, float32[n, d], into ``centroids``, float32[k, d] with k <= n, in place.

    Returns the number of non-empty groups, which come first; rows with no more than k distinct
    values are represented exactly.
    """
    scale = _scale(x)
    if scale == 0:
        centroids[0] = np.nan
        assignment[:] = 0
        return 1
    if scale != 1:
        x = x * scale
    k, exact = one_by_one(x, min(len(centroids), len(x)), key, centroids, assignment)
    centroids = centroids[:k]
    count = sizes(assignment, k)
    if not exact:
        move(x, assignment, count, centroids)
        before, score = np.empty_like(assignment), np.empty(len(x), np.float32)
        few = k <= FEW and iterations > 1
        rows = turn(x) if few else x
        for _ in range(iterations - 1):
            before[:] = assignment
            score[:] = -np.inf
            if few:
                take_over_few(rows, centroids, score, assignment)
            else:
                columns, bias = lay_out(centroids)
                take_over(rows, columns, bias, 0, score, assignment)
            if (before == assignment).all():
                break
            count = sizes(assignment, k)
            move(x, assignment, count, centroids)
    if scale != 1:
        for j in range(k):
            for f in range(x.shape[1]):
                centroids[j, f] = centroids[j, f] / scale
    return drop_empty(centroids, count, assignment)


@jit
def _scale(x: NDArray[np.float32]) -> np.float32:
    """Return a factor that brings the squares of ``x`` into the range of float32, usually 1.

    It is 0 for an ``x`` with a NaN or infinity.
    """
    peak = np.float32(largest_size(x))
    if not peak < np.inf:
        return np.float32(0)
    return (
        np.float32(1) if peak == 0 or _SMALL < peak < _HUGE else np.float32(1) / max(peak, _LEAST)
    )
