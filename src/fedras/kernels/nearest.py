"""The nearest centroid of each row: some rows at a time against centroids laid out by column.

|x - c|^2 is smallest where the score x.c - |c|^2 / 2 is largest: a product of matrices, and then
the largest of each row. Where there are few centroids they would leave most lanes of a vector
empty, so that rows go side by side instead.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel
from fedras.kernels.lanes import LANES, first_largest, squared_distance
from fedras.kernels.product import ROWS, product, zeros

CHUNK = 256
FEW = LANES
"""Of so many centroids `take_over_few` finds the nearest faster than `take_over`."""

_NOBODY = np.float32(-np.inf)
_MAGNITUDE = np.int32(0x7FFFFFFF)


@jit
def lay_out(centroids: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float32[k, d] by column, float32[d, K], and -|c|^2 / 2; K is k filled up to `LANES`.

    What fills up has a bias of minus infinity, so that it is nobody's nearest.
    """
    k, d = centroids.shape
    columns = np.zeros((d, (k + LANES - 1) // LANES * LANES), np.float32)
    bias = np.full(columns.shape[1], _NOBODY, np.float32)
    for j in range(k):
        for f in range(d):
            columns[f, j] = centroids[j, f]
        bias[j] = _bias(centroids[j])
    return columns, bias


@jit
def _bias(centroid: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for f in range(len(centroid)):
        total += centroid[f] * centroid[f]
    return np.float32(-0.5) * total


@jit
def scores(
    x: NDArray[np.float32],
    first: int,
    columns: NDArray[np.float32],
    bias: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the scores of the rows from ``first`` on, and of zeros after them, to float32[8, K]."""
    n, d = len(x) - first, x.shape[1]
    if n >= ROWS:
        product(bias, x[first : first + ROWS], columns, out, ROWS)
    else:
        rest = np.zeros((ROWS, d), np.float32)
        rest[:n] = x[first:]
        product(bias, rest, columns, out, ROWS)


@jit
def take_over(
    x: NDArray[np.float32],
    columns: NDArray[np.float32],
    bias: NDArray[np.float32],
    offset: int,
    score: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> None:
    """Assign each row to its nearest centroid, the first of equals, if that improves its score.

    Centroids are numbered from ``offset``; ``score`` is minus infinity where there is none so far.
    """
    some = np.empty((ROWS, len(bias)), np.float32)
    for first in range(0, len(x), ROWS):
        scores(x, first, columns, bias, some)
        for row in range(min(ROWS, len(x) - first)):
            j = first_largest(some[row])
            if some[row, j] > score[first + row]:
                score[first + row] = some[row, j]
                assignment[first + row] = offset + j


@jit
def turn(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of ones and float32[n, d] by column, for `take_over_few`: float32[d + 1, N].

    N is n filled up to a multiple of `LANES`.
    """
    n, d = x.shape
    turned = zeros(d + 1, n)
    turned[0] = 1
    for i in range(n):
        for f in range(d):
            turned[f + 1, i] = x[i, f]
    return turned


@jit
def take_over_few(
    turned: NDArray[np.float32],
    centroids: NDArray[np.float32],
    score: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> None:
    """Do what `take_over` does for a few centroids, with the rows side by side (`turn`).

    The bias is the first term of each sum, as there, so that the bits are the same.
    """
    k, d = centroids.shape
    weights = zeros(k, d + 1)
    for j in range(k):
        weights[j, 0] = _bias(centroids[j])
        weights[j, 1 : d + 1] = centroids[j]
    some = zeros(k, turned.shape[1])
    product(None, weights, turned[: d + 1], some, len(weights))
    for j in range(k):
        own = some[j]
        for i in range(len(score)):
            better = own[i] > score[i]
            assignment[i] = np.int32(j) if better else assignment[i]
            score[i] = own[i] if better else score[i]


@parallel
def all_take_over(
    x: NDArray[np.float32],
    columns: NDArray[np.float32],
    bias: NDArray[np.float32],
    offset: int,
    score: NDArray[np.float32],
    assignment: NDArray[np.int32],
) -> None:
    """Do what `take_over` does, on all threads."""
    for chunk in numba.prange((len(x) + CHUNK - 1) // CHUNK):
        rows = slice(chunk * CHUNK, min(len(x), (chunk + 1) * CHUNK))
        take_over(x[rows], columns, bias, offset, score[rows], assignment[rows])


@parallel
def squared_distances(
    x: NDArray[np.float32],
    centroids: NDArray[np.float32],
    assignment: NDArray[np.int32],
    apart: NDArray[np.float32],
) -> None:
    """Write how far each row is from its centroid; exactly zero where they are equal."""
    for chunk in numba.prange((len(x) + CHUNK - 1) // CHUNK):
        for i in range(chunk * CHUNK, min(len(x), (chunk + 1) * CHUNK)):
            apart[i] = squared_distance(x[i], centroids[assignment[i]])


@jit
def largest_size(x: NDArray[np.float32]) -> np.float32:
    """Return the largest absolute value of float32[n, d], NaN where there is one."""
    bits = x.reshape(x.size).view(np.int32)
    top = np.zeros(1, np.int32)
    largest = np.int32(0)
    for i in range(len(bits)):
        size = np.int32(bits[i] & _MAGNITUDE)
        largest = max(largest, size)
    top[0] = largest
    return np.float32(top.view(np.float32)[0])
