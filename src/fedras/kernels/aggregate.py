"""Sums of many clients' updates, item by item."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel
from fedras.kernels.lanes import accumulate

_PARTS = 16
_MUCH = 1 << 22  # numbers; threads take some time to begin


@jit
def add_up(
    rows: NDArray[np.int32],
    bounds: NDArray[np.int64],
    index: NDArray[np.int32],
    vectors: NDArray[np.float32],
    starts: NDArray[np.int64],
    total: NDArray[np.float64],
    count: NDArray[np.int64],
) -> None:
    """Add each client's vectors to the rows that take them, and count who did.

    Much work is divided among the threads by item; each item hears the clients in their order.

    Parameters
    ----------
    rows, bounds
        Client c has the rows ``rows[bounds[c]:bounds[c + 1]]``, strictly increasing.
    index, vectors, starts
        Row i takes the vector number ``index[i]`` of its client, whose first is
        ``vectors[starts[c]]``; float32[k, d] in all.
    total, count
        float64[N, d] and int64[N], to be added to.
    """
    if len(rows) * total.shape[1] < _MUCH:
        _add_some(rows, bounds, index, vectors, starts, total, count, 0, len(count))
    else:
        _add_all(rows, bounds, index, vectors, starts, total, count)


@parallel
def _add_all(
    rows: NDArray[np.int32],
    bounds: NDArray[np.int64],
    index: NDArray[np.int32],
    vectors: NDArray[np.float32],
    starts: NDArray[np.int64],
    total: NDArray[np.float64],
    count: NDArray[np.int64],
) -> None:
    """Do it on all threads."""
    for part in numba.prange(_PARTS):
        first, last = part * len(count) // _PARTS, (part + 1) * len(count) // _PARTS
        _add_some(rows, bounds, index, vectors, starts, total, count, first, last)


@jit
def _add_some(
    rows: NDArray[np.int32],
    bounds: NDArray[np.int64],
    index: NDArray[np.int32],
    vectors: NDArray[np.float32],
    starts: NDArray[np.int64],
    total: NDArray[np.float64],
    count: NDArray[np.int64],
    first: int,
    last: int,
) -> None:
    """Do it for the items from ``first`` to ``last`` - 1."""
    for c in range(len(bounds) - 1):
        i = bounds[c] + _before(rows[bounds[c] : bounds[c + 1]], first)
        while i < bounds[c + 1] and rows[i] < last:
            count[rows[i]] += 1
            accumulate(total[rows[i]], vectors[starts[c] + index[i]])
            i += 1


@jit
def _before(rows: NDArray[np.int32], first: int) -> int:
    """Return how many of the ascending rows are below ``first``."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < first:
            low = middle + 1
        else:
            high = middle
    return low
