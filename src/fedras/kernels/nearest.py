"""The nearest centroid of each row: four rows at a time against centroids laid out by column.

|x - c|^2 is smallest where the score x.c - |c|^2 / 2 is largest. The inner loop runs over
centroids, so it vectorises without reordering a sum; a column that is loaded once serves four
rows. On one core that is as fast as a BLAS.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel

LANES = 16
ROWS = 4
CHUNK = 256
_NOBODY = np.float32(-np.inf)
_SIGN, _MAGNITUDE = np.int32(31), np.int32(0x7FFFFFFF)


@jit
def lay_out(centroids: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return float32[k, d] by column, float32[d, K], and -|c|^2 / 2; K is k filled up to `LANES`.

    What fills up has a bias of minus infinity, so that it is nobody's nearest.
    """
    k, d = centroids.shape
    columns = np.zeros((d, (k + LANES - 1) // LANES * LANES), np.float32)
    bias = np.full(columns.shape[1], _NOBODY, np.float32)
    for j in range(k):
        total = np.float32(0)
        for f in range(d):
            columns[f, j] = centroids[j, f]
            total += centroids[j, f] * centroids[j, f]
        bias[j] = np.float32(-0.5) * total
    return columns, bias


@jit
def scores(
    x: NDArray[np.float32],
    first: int,
    columns: NDArray[np.float32],
    bias: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the scores of the rows from ``first`` on to float32[4, K]; the last row repeats."""
    last = len(x) - 1
    p, q = x[first], x[min(first + 1, last)]
    r, s = x[min(first + 2, last)], x[min(first + 3, last)]
    d, k = columns.shape
    for row in range(ROWS):
        for j in range(k):
            out[row, j] = bias[j]
    for f in range(0, d - 3, 4):
        p0, p1, p2, p3 = p[f], p[f + 1], p[f + 2], p[f + 3]
        q0, q1, q2, q3 = q[f], q[f + 1], q[f + 2], q[f + 3]
        r0, r1, r2, r3 = r[f], r[f + 1], r[f + 2], r[f + 3]
        s0, s1, s2, s3 = s[f], s[f + 1], s[f + 2], s[f + 3]
        for j in range(k):
            c0, c1, c2, c3 = columns[f, j], columns[f + 1, j], columns[f + 2, j], columns[f + 3, j]
            out[0, j] += (p0 * c0 + p1 * c1) + (p2 * c2 + p3 * c3)
            out[1, j] += (q0 * c0 + q1 * c1) + (q2 * c2 + q3 * c3)
            out[2, j] += (r0 * c0 + r1 * c1) + (r2 * c2 + r3 * c3)
            out[3, j] += (s0 * c0 + s1 * c1) + (s2 * c2 + s3 * c3)
    for f in range(d - d % 4, d):
        for j in range(k):
            out[0, j] += p[f] * columns[f, j]
            out[1, j] += q[f] * columns[f, j]
            out[2, j] += r[f] * columns[f, j]
            out[3, j] += s[f] * columns[f, j]


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
            total = np.float32(0)
            for f in range(x.shape[1]):
                difference = x[i, f] - centroids[assignment[i], f]
                total += difference * difference
            apart[i] = total


@jit
def first_largest(values: NDArray[np.float32]) -> int:
    """Return where the largest value is, the first of equals; there may be no NaN.

    Numbers are compared by their bits, as integers that are in the same order: the maximum of
    integers vectorises, that of floats does not.
    """
    bits = values.view(np.int32)
    top = _in_order(bits[0])
    for j in range(len(bits)):
        value = _in_order(bits[j])
        top = max(top, value)
    largest = _in_order(top)
    none = np.int32(len(bits))
    first = none
    for j in range(len(bits)):
        here = np.int32(j) if bits[j] == largest else none
        first = min(first, here)
    return int(first)


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


@jit
def _in_order(bits: np.int32) -> np.int32:
    """Turn a float's bits into an integer that sorts like it; the same again turns it back."""
    return np.int32(bits ^ (np.int32(bits >> _SIGN) & _MAGNITUDE))
