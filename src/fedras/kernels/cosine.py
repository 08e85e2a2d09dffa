"""How alike the rows of two matrices are."""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


@jit
def mean_cosine(
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    other_rows: NDArray[np.int32],
    other_values: NDArray[np.float32],
) -> float:
    """Return the mean over ``rows`` of the cosine with the other's row of the same number.

    Rows ascend; the cosine is 0 where the other has no such row or either is all zero. The sums
    are float64. Of no rows it is 1.
    """
    if len(rows) == 0:
        return 1.0
    total, j = 0.0, 0
    for i in range(len(rows)):
        while j < len(other_rows) and other_rows[j] < rows[i]:
            j += 1
        if j == len(other_rows) or other_rows[j] != rows[i]:
            continue
        dot = one = other = 0.0
        for f in range(values.shape[1]):
            a, b = np.float64(values[i, f]), np.float64(other_values[j, f])
            dot += a * b
            one += a * a
            other += b * b
        if one > 0 and other > 0:
            total += dot / (math.sqrt(one) * math.sqrt(other))
    return total / len(rows)
