"""K-means of the rows of a float32 matrix: Lloyd's algorithm from a good start.

Small matrices start from k-means++, which draws each next centre from the rows with a probability
proportional to the squared distance to the centres so far. A client's update has a few large rows
among many small ones; from uniformly drawn rows ten iterations do not find what one iteration
finds from this start.

Large matrices, of `LARGE` pairs of a row and a group or more, have an algorithm of their own,
`fedras.kernels.large`.
"""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import balanced, jit, parallel, threads
from fedras.kernels.large import cluster_large
from fedras.kernels.means import all_move, drop_empty, move, sizes
from fedras.kernels.nearest import largest_size, lay_out, take_over
from fedras.kernels.seeding import one_by_one

LARGE = 1 << 20
_SMALL, _HUGE = np.float32(1e-12), np.float32(1e12)
_LEAST = np.float32(1.2e-38)  # the reciprocal of what is smaller overflows

Groups = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Centroids float32[k, d] and the index of each row's group, int32[n]."""


def cluster(values: NDArray[np.float32], k: int, iterations: int, key: np.uint64) -> Groups:
    """Cluster the rows of ``values``, float32[n, d], into at most ``k`` non-empty groups."""
    return cluster_all([values], k, iterations, np.array([key]))[0]


def cluster_all(
    matrices: Sequence[NDArray[np.float32]], k: int, iterations: int, keys: NDArray[np.uint64]
) -> list[Groups]:
    """Cluster each matrix by itself, many at a time.

    One that holds a NaN or infinity becomes one group around NaN.

    Parameters
    ----------
    matrices
        float32[n_i, d] each.
    k
        The largest number of groups of each; min(k, n_i) are used.
    iterations
        Of Lloyd's algorithm at most, the first from the start's own assignment; it ends earlier
        when no row changes its group, or in a large matrix no more than one in ten: what follows
        lowers the inertia by less than a hundredth.
    keys
        uint64, one stream of random numbers per matrix.
    """
    large = [i for i, matrix in enumerate(matrices) if len(matrix) * k >= LARGE]
    small = [i for i, matrix in enumerate(matrices) if len(matrix) * k < LARGE]
    groups = dict(
        zip(small, _small([matrices[i] for i in small], k, iterations, keys[small]), strict=True)
    )
    for i in large:
        groups[i] = _large(
            np.ascontiguousarray(matrices[i]), min(k, len(matrices[i])), iterations, keys[i]
        )
    return [groups[i] for i in range(len(matrices))]


def means(
    values: NDArray[np.float32], assignment: NDArray[np.int32], k: int
) -> NDArray[np.float32]:
    """Return float32[k, d], the mean of each group's rows; no group may be empty."""
    centroids = np.empty((k, values.shape[1]), np.float32)
    all_move(values, assignment, sizes(assignment, k), centroids)
    return centroids


def _small(
    matrices: Sequence[NDArray[np.float32]], k: int, iterations: int, keys: NDArray[np.uint64]
) -> list[Groups]:
    if not matrices:
        return []
    sizes = np.array([len(matrix) for matrix in matrices])
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    stacked, starts = _in_one(matrices, bounds[:-1])
    assignment = np.empty(bounds[-1], np.int32)
    centroids = np.empty((len(matrices), k, stacked.shape[1]), np.float32)
    used = np.empty(len(matrices), np.int64)
    order = balanced(sizes)
    _cluster_many(
        stacked, starts, bounds, order, iterations, keys, threads(), centroids, assignment, used
    )
    return [
        (centroids[i, : used[i]], assignment[bounds[i] : bounds[i + 1]])
        for i in range(len(matrices))
    ]


def _in_one(
    matrices: Sequence[NDArray[np.float32]], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return one matrix with the rows of all, and where each begins.

    A cohort's updates are parts of one matrix already: of hundreds of megabytes no copy is made.
    """
    whole = matrices[0].base
    if not isinstance(whole, np.ndarray) or any(
        matrix.base is not whole
        or matrix.strides != whole.strides
        or matrix.shape[1:] != whole.shape[1:]
        for matrix in matrices
    ):
        return np.concatenate(matrices), starts
    first = whole.__array_interface__["data"][0]
    places = [matrix.__array_interface__["data"][0] - first for matrix in matrices]
    return whole, np.array(places) // whole.strides[0]


def _large(x: NDArray[np.float32], k: int, iterations: int, key: np.uint64) -> Groups:
    scale = _scale(x)
    if scale == 0:
        return np.full((1, x.shape[1]), np.nan, np.float32), np.zeros(len(x), np.int32)
    centroids, assignment = cluster_large(x if scale == 1 else x * scale, k, iterations, key)
    return centroids / scale, assignment


@parallel
def _cluster_many(
    stacked: NDArray[np.float32],
    starts: NDArray[np.int64],
    bounds: NDArray[np.int64],
    order: NDArray[np.int64],
    iterations: int,
    keys: NDArray[np.uint64],
    workers: int,
    centroids: NDArray[np.float32],
    assignment: NDArray[np.int32],
    used: NDArray[np.int64],
) -> None:
    for worker in numba.prange(workers):
        for turn in range(worker, len(order), workers):
            i = order[turn]
            n = bounds[i + 1] - bounds[i]
            x = stacked[starts[i] : starts[i] + n]
            own = assignment[bounds[i] : bounds[i + 1]]
            used[i] = lloyd(x, iterations, keys[i], centroids[i], own)


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
        for _ in range(iterations - 1):
            before[:] = assignment
            score[:] = -np.inf
            columns, bias = lay_out(centroids)
            take_over(x, columns, bias, 0, score, assignment)
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
