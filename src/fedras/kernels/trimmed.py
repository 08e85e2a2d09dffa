"""Trimmed means of many clients' rows, item by item: the median is the one that trims most."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, parallel


@jit
def by_item(rows: NDArray[np.int32], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of each item in ``rows``, one item after another, and int64[size + 1].

    Item i stands at ``places[starts[i]:starts[i + 1]]`` of int32[n].
    """
    starts = np.zeros(size + 1, np.int64)
    for row in rows:
        starts[row + 1] += 1
    for i in range(size):
        starts[i + 1] += starts[i]
    free = starts[:-1].copy()
    places = np.empty(len(rows), np.int64)
    for place in range(len(rows)):
        row = rows[place]
        places[free[row]] = place
        free[row] += 1
    return places, starts


@parallel
def centres(
    values: NDArray[np.float32],
    places: NDArray[np.int64],
    starts: NDArray[np.int64],
    trimmed: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write to float64[size, d], for each item and column, the mean of what trimming leaves.

    Parameters
    ----------
    values
        float32[n, d], the rows of all clients.
    places, starts
        Which of them are of each item (`by_item`).
    trimmed
        int64[size], how many of an item's smallest values are left out in each column, and as many
        of its largest; some must be left.
    out
        Items without values keep what is there.
    """
    for item in numba.prange(len(starts) - 1):
        first, n, cut = starts[item], starts[item + 1] - starts[item], trimmed[item]
        column = np.empty(n, np.float32)
        for f in range(values.shape[1] if n else 0):
            for i in range(n):
                column[i] = values[places[first + i], f]
            column.sort()
            total = 0.0
            for i in range(cut, n - cut):
                total += column[i]
            out[item, f] = total / (n - 2 * cut)
