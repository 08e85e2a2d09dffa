"""Sums of many clients' updates, item by item."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel
from fedras.kernels.lanes import accumulate

_PARTS = 16

Sent = tuple[
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.int64],
]
"""What clients sent: ``rows, bounds, index, vectors, starts``.

Client c has the rows ``rows[bounds[c]:bounds[c + 1]]``, strictly increasing. Row i takes the vector
number ``index[i]`` of its client, whose first is ``vectors[starts[c]]``; float32[k, d] in all.
"""


@jit
def add_up(sent: Sent, total: NDArray[np.float64], count: NDArray[np.int64]) -> None:
    """Add each client's vectors to the rows that take them, in their order, and count who did.

    Parameters
    ----------
    sent
        See `Sent`.
    total, count
        float64[N, d] and int64[N], to be added to.
    """
    _add_up(sent, total, count, 0, len(count))


@parallel
def all_add_up(sent: Sent, total: NDArray[np.float64], count: NDArray[np.int64]) -> None:
    """Do what `add_up` does, on all threads: each has some of the items."""
    for part in numba.prange(_PARTS):
        first, last = part * len(count) // _PARTS, (part + 1) * len(count) // _PARTS
        _add_up(sent, total, count, first, last)


@jit
def _add_up(
    sent: Sent, total: NDArray[np.float64], count: NDArray[np.int64], first: int, last: int
) -> None:
    rows, bounds, index, vectors, starts = sent
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
