"""Arrays in parts: where each begins, and gathering of rows."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.lanes import combine, copy


def bounds_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[C + 1], where each of C parts of these lengths begins in one array."""
    bounds = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return bounds


def gather(
    indptr: NDArray[np.int64], items: NDArray[np.int32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the chosen rows of a ragged array, one after another, and their new bounds.

    Row r of the array is ``items[indptr[r]:indptr[r + 1]]``.
    """
    lengths = indptr[rows + 1] - indptr[rows]
    bounds = bounds_of(lengths)
    index = np.arange(bounds[-1]) + np.repeat(indptr[rows] - bounds[:-1], lengths)
    return items[index], bounds


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
