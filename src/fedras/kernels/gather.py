"""Gathering of rows."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel


def gather(
    indptr: NDArray[np.int64], items: NDArray[np.int32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the chosen rows of a ragged array, one after another, and their new bounds.

    Row r of the array is ``items[indptr[r]:indptr[r + 1]]``.
    """
    lengths = indptr[rows + 1] - indptr[rows]
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    index = np.arange(bounds[-1]) + np.repeat(indptr[rows] - bounds[:-1], lengths)
    return items[index], bounds


@jit
def copy_rows(
    matrix: NDArray[np.float32], rows: NDArray[np.int32], out: NDArray[np.float32]
) -> None:
    """Write ``matrix[rows]`` to float32[n, d], in loops: slices take eight times as long."""
    for r in range(len(rows)):
        for f in range(matrix.shape[1]):
            out[r, f] = matrix[rows[r], f]


@jit
def subtract_rows(
    matrix: NDArray[np.float32], rows: NDArray[np.int32], out: NDArray[np.float32]
) -> None:
    """Subtract ``matrix[rows]`` from float32[n, d] in place."""
    for r in range(len(rows)):
        for f in range(matrix.shape[1]):
            out[r, f] -= matrix[rows[r], f]


@parallel
def spread(
    actions: NDArray[np.float32],
    starts: NDArray[np.int64],
    index: NDArray[np.int32],
    bounds: NDArray[np.int64],
    out: NDArray[np.float32],
) -> None:
    """Write the action of each row of each client to float32[n, d].

    Client c has the actions from ``starts[c]`` on, and the rows ``index[bounds[c]:bounds[c + 1]]``.
    """
    for c in numba.prange(len(bounds) - 1):
        for i in range(bounds[c], bounds[c + 1]):
            action = starts[c] + index[i]
            for f in range(actions.shape[1]):
                out[i, f] = actions[action, f]
