"""Groups and their means: what K-means does between two assignments."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel
from fedras.kernels.lanes import LANES, accumulate


@jit
def sizes(assignment: NDArray[np.int32], k: int) -> NDArray[np.int64]:
    """Return int64[k], how many rows each group has."""
    count = np.zeros(k, np.int64)
    for group in assignment:
        count[group] += 1
    return count


@jit
def move(
    x: NDArray[np.float32],
    assignment: NDArray[np.int32],
    count: NDArray[np.int64],
    centroids: NDArray[np.float32],
) -> None:
    """Move each centroid to the mean of its rows; an empty group keeps its place."""
    _move(x, assignment, count, 0, x.shape[1], centroids)


@parallel
def all_move(
    x: NDArray[np.float32],
    assignment: NDArray[np.int32],
    count: NDArray[np.int64],
    centroids: NDArray[np.float32],
) -> None:
    """Do what `move` does, on all threads: each moves some columns."""
    d = x.shape[1]
    for part in numba.prange((d + LANES - 1) // LANES):
        first = part * LANES
        _move(x, assignment, count, first, min(d, first + LANES), centroids)


@jit
def _move(
    x: NDArray[np.float32],
    assignment: NDArray[np.int32],
    count: NDArray[np.int64],
    first: int,
    last: int,
    centroids: NDArray[np.float32],
) -> None:
    total = np.zeros((len(count), last - first), np.float64)
    for i in range(len(x)):
        accumulate(total[assignment[i]], x[i, first:last])
    for j in range(len(count)):
        if count[j] > 0:
            for f in range(first, last):
                centroids[j, f] = total[j, f - first] / count[j]


@jit
def drop_empty(
    centroids: NDArray[np.float32], count: NDArray[np.int64], assignment: NDArray[np.int32]
) -> int:
    """Close the gaps that empty groups leave; return how many groups remain, which come first."""
    place = np.zeros(len(count), np.int32)
    used = 0
    for j in range(len(count)):
        place[j] = used
        if count[j] > 0:
            centroids[used] = centroids[j]
            count[used] = count[j]
            used += 1
    for i in range(len(assignment)):
        assignment[i] = place[assignment[i]]
    return used
