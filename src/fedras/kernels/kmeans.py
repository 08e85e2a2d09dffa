"""K-means of the rows of a float32 matrix: Lloyd's algorithm, seeded by k-means++.

The seeding (Arthur and Vassilvitskii, SODA 2007) draws each next centre from the rows with a
probability proportional to the squared distance to the centres so far. A client's update has a
few large rows among many small ones; from uniformly drawn rows ten iterations do not find what one
iteration finds from this start.
"""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import balanced, jit, parallel, threads
from fedras.kernels.random import below, uniform

_LANES = 16
_EMPTY = np.float32(-np.inf)
_SMALL, _LARGE = 1e-12, 1e12

Groups = tuple[NDArray[np.float32], NDArray[np.int32]]
"""Centroids float32[k, d] and the index of each row's group, int32[n]."""


def cluster(values: NDArray[np.float32], k: int, iterations: int, key: np.uint64) -> Groups:
    """Cluster the rows of ``values``, float32[n, d], into at most ``k`` non-empty groups."""
    return cluster_all([values], k, iterations, np.array([key]))[0]


def cluster_all(
    matrices: Sequence[NDArray[np.float32]], k: int, iterations: int, keys: NDArray[np.uint64]
) -> list[Groups]:
    """Cluster each matrix by itself, many at a time.

    Parameters
    ----------
    matrices
        float32[n_i, d] each.
    k
        The largest number of groups of each; min(k, n_i) are used.
    iterations
        Of Lloyd's algorithm at most, the first from the seeding's own assignment; it ends earlier
        when no row changes its group.
    keys
        uint64, one stream of random numbers per matrix.
    """
    if not matrices:
        return []
    sizes = np.array([len(matrix) for matrix in matrices])
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    stacked = np.concatenate(matrices)
    assignment = np.empty(len(stacked), np.int32)
    centroids = np.empty((len(matrices), k, stacked.shape[1]), np.float32)
    used = np.empty(len(matrices), np.int64)
    _cluster_many(
        stacked, offsets, balanced(sizes), iterations, keys, threads(), centroids, assignment, used
    )
    return [
        (centroids[i, : used[i]], assignment[offsets[i] : offsets[i + 1]])
        for i in range(len(matrices))
    ]


def means(
    values: NDArray[np.float32], assignment: NDArray[np.int32], k: int
) -> NDArray[np.float32]:
    """Return float32[k, d], the mean of each group's rows; no group may be empty."""
    centroids = np.empty((k, values.shape[1]), np.float32)
    _move(values, assignment, k, centroids, np.empty(k, np.int64))
    return centroids


@parallel
def _cluster_many(
    stacked: NDArray[np.float32],
    offsets: NDArray[np.int64],
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
            rows = slice(offsets[i], offsets[i + 1])
            used[i] = lloyd(stacked[rows], iterations, keys[i], centroids[i], assignment[rows])


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
    peak = np.float64(np.max(np.abs(x)))
    rescaled = peak > 0 and not _SMALL < peak < _LARGE
    if rescaled:  # squares would leave the range of float32
        x = (x / peak).astype(np.float32)
    k, exact = _seed(x, min(len(centroids), len(x)), key, centroids, assignment)
    count = np.ones(k, np.int64)
    if not exact:
        _move(x, assignment, k, centroids, count)
    transposed = np.zeros((x.shape[1], (k + _LANES - 1) // _LANES * _LANES), np.float32)
    bias = np.full(transposed.shape[1], _EMPTY, np.float32)
    for _ in range(0 if exact else iterations - 1):
        _transpose(centroids, k, transposed, bias)
        if nearest(x, transposed, bias, assignment) == 0:
            break
        _move(x, assignment, k, centroids, count)
    if rescaled:
        for j in range(k):
            for f in range(x.shape[1]):
                centroids[j, f] = np.float32(centroids[j, f] * peak)
    return _drop_empty(k, centroids, count, assignment)


@jit
def _seed(
    x: NDArray[np.float32],
    k: int,
    key: np.uint64,
    centroids: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> tuple[int, bool]:
    """Draw up to k rows as centres by k-means++ and assign each row to its nearest.

    Returns how many, fewer if no other rows remain, and whether every row is one of them.
    """
    columns = np.ascontiguousarray(x.T)
    apart = np.full(len(x), np.float32(np.inf))
    reach = np.empty(len(x), np.float64)
    chosen = below(key, np.uint64(0), len(x))
    for j in range(k):
        centroids[j] = x[chosen]
        _come_closer(columns, j, x[chosen], apart, assignment)
        total = 0.0
        for i in range(len(x)):
            total += apart[i]
            reach[i] = total
        if total == 0.0:
            return j + 1, True
        target = uniform(key, np.uint64(j + 1)) * total
        chosen = min(int(np.searchsorted(reach, target, side="right")), len(x) - 1)
    return k, False


@jit
def _come_closer(
    columns: NDArray[np.float32],
    j: int,
    centre: NDArray[np.float32],
    apart: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> None:
    """Lower ``apart``, each row's squared distance to its nearest centre, by centre number j."""
    distance = np.zeros(len(apart), np.float32)
    d = len(centre)
    for f in range(0, d - 3, 4):  # four at a time: one write for four reads
        for i in range(len(apart)):
            one = columns[f, i] - centre[f]
            two = columns[f + 1, i] - centre[f + 1]
            three = columns[f + 2, i] - centre[f + 2]
            four = columns[f + 3, i] - centre[f + 3]
            distance[i] += (one * one + two * two) + (three * three + four * four)
    for f in range(d - d % 4, d):
        for i in range(len(apart)):
            one = columns[f, i] - centre[f]
            distance[i] += one * one
    for i in range(len(apart)):
        closer = distance[i] < apart[i]
        apart[i] = distance[i] if closer else apart[i]
        assignment[i] = j if closer else assignment[i]


@jit
def _transpose(
    centroids: NDArray[np.float32],
    k: int,
    transposed: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> None:
    """Lay centroids out by column; |x - c|^2 is smallest where x.c - |c|^2 / 2 is largest."""
    for j in range(k):
        total = np.float32(0)
        for f in range(centroids.shape[1]):
            transposed[f, j] = centroids[j, f]
            total += centroids[j, f] * centroids[j, f]
        bias[j] = np.float32(-0.5) * total


@jit
def nearest(
    x: NDArray[np.float32],
    transposed: NDArray[np.float32],
    bias: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> int:
    """Assign each row to its nearest centroid, the first of equals; return how many changed."""
    n, d = x.shape
    k = len(bias)
    score = np.empty(k, np.float32)
    best = np.empty(_LANES, np.float32)
    block = np.empty(_LANES, np.int32)
    changed = 0
    for i in range(n):
        score[:] = bias
        for f in range(0, d - 3, 4):
            a, b, c, e = x[i, f], x[i, f + 1], x[i, f + 2], x[i, f + 3]
            for j in range(k):
                score[j] += (
                    a * transposed[f, j]
                    + b * transposed[f + 1, j]
                    + c * transposed[f + 2, j]
                    + e * transposed[f + 3, j]
                )
        for f in range(d - d % 4, d):
            for j in range(k):
                score[j] += x[i, f] * transposed[f, j]
        winner = _first_largest(score, best, block)
        changed += assignment[i] != winner
        assignment[i] = winner
    return changed


@jit
def _first_largest(
    score: NDArray[np.float32], best: NDArray[np.float32], block: NDArray[np.int32]
) -> int:
    """Return the index of the first largest score, _LANES at a time so that it vectorises."""
    best[:] = score[:_LANES]
    block[:] = 0
    for start in range(_LANES, len(score), _LANES):
        for lane in range(_LANES):
            value = score[start + lane]
            larger = value > best[lane]
            best[lane] = value if larger else best[lane]
            block[lane] = start if larger else block[lane]
    winner = 0
    for lane in range(1, _LANES):
        ahead = best[lane] > best[winner]
        tie = best[lane] == best[winner] and block[lane] + lane < block[winner] + winner
        if ahead or tie:
            winner = lane
    return int(block[winner] + winner)


@jit
def _move(
    x: NDArray[np.float32],
    assignment: NDArray[np.int32],
    k: int,
    centroids: NDArray[np.float32],
    count: NDArray[np.int64],
) -> None:
    """Move each centroid to the mean of its rows; an empty group keeps its place."""
    count[:] = 0
    for group in assignment:
        count[group] += 1
    for j in range(k):
        if count[j] > 0:
            centroids[j] = np.float32(0)
    for i in range(len(x)):
        for f in range(x.shape[1]):
            centroids[assignment[i], f] += x[i, f]
    for j in range(k):
        if count[j] > 0:
            centroids[j] *= np.float32(1) / np.float32(count[j])


@jit
def _drop_empty(
    k: int,
    centroids: NDArray[np.float32],
    count: NDArray[np.int64],
    assignment: NDArray[np.int32],
) -> int:
    """Close the gaps that empty groups leave; return how many groups remain."""
    place = np.zeros(k, np.int32)
    used = 0
    for j in range(k):
        place[j] = used
        if count[j] > 0:
            centroids[used] = centroids[j]
            used += 1
    for i in range(len(assignment)):
        assignment[i] = place[assignment[i]]
    return used
