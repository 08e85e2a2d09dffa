"""Sums of many clients' updates, item by item."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


@jit
def accumulate(
    total: NDArray[np.float64],
    count: NDArray[np.int64],
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
) -> None:
    """Add ``values``, float32[n, d], to ``total[rows]`` and 1 to ``count[rows]``, in place."""
    for i in range(len(rows)):
        row = rows[i]
        count[row] += 1
        for f in range(values.shape[1]):
            total[row, f] += values[i, f]
