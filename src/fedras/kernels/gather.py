"""Arrays in parts: where each begins, and rows: gathered, added and compared."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.lanes import combine, copy


@jit
def bounds_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[C + 1], where each of C parts of these lengths begins in one array."""
    bounds = np.zeros(len(lengths) + 1, np.int64)
    for c in range(len(lengths)):
        bounds[c + 1] = bounds[c] + lengths[c]
    return bounds


@jit
def gather(
    indptr: NDArray[np.int64], items: NDArray[np.int32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the chosen rows of a ragged array, one after another, and their new bounds.

    Row r of the array is ``items[indptr[r]:indptr[r + 1]]``.
    """
    bounds = bounds_of(indptr[rows + 1] - indptr[rows])
    chosen = np.empty(bounds[-1], np.int32)
    for c in range(len(rows)):
        chosen[bounds[c] : bounds[c + 1]] = items[indptr[rows[c]] : indptr[rows[c] + 1]]
    return chosen, bounds


@jit
def copy_rows(
    matrix: NDArray[np.float32], rows: NDArray[np.int32], out: NDArray[np.float32]
) -> None:
    """Write ``matrix[rows]`` to float32[n, d]."""
    for r in range(len(rows)):
        copy(out[r], matrix[rows[r]])


@jit
def write_change(
    matrix: NDArray[np.float32],
    rows: NDArray[np.int32],
    now: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write float32[n, d] less ``matrix[rows]``; ``out`` may be ``now``."""
    for r in range(len(rows)):
        combine(out[r], np.float32(1), now[r], np.float32(-1), matrix[rows[r]])


@jit
def add_rows(
    matrix: NDArray[np.float32],
    rows: NDArray[np.int32],
    vectors: NDArray[np.float32],
    index: NDArray[np.int32],
) -> None:
    """Add ``vectors[index[i]]`` to ``matrix[rows[i]]``, in place."""
    one = np.float32(1)
    for i in range(len(rows)):
        combine(matrix[rows[i]], one, matrix[rows[i]], one, vectors[index[i]])


@jit
def differing(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the rows, ascending, in which two float32[n, d] differ."""
    rows = np.empty(len(one) + 1, np.int32)
    count = 0
    for r in range(len(one)):
        same = True
        for f in range(one.shape[1]):
            same &= one[r, f] == other[r, f]
        rows[count] = r
        count += not same
    return rows[:count].copy()
