"""Products of factors, in double precision."""

import numpy as np

from fedras.arrays import Float32s, Float64s
from fedras.parallel import one_blas_thread

_LARGEST = np.finfo(np.float32).max
_BLOCK = 1 << 21  # numbers of a product at a time, because doubles take much memory


@one_blas_thread
def multiply(left: Float32s, right: Float32s) -> Float32s:
    """Return float32[n, d], the sum of the directions float32[r, n] x float32[r, d]."""
    n, d = left.shape[1], right.shape[1]
    product, factor = np.empty((n, d), np.float32), right.astype(np.float64)
    step = max(1, _BLOCK // d)
    for first in range(0, n, step):
        own = slice(first, first + step)
        product[own] = to_single(left[:, own].T.astype(np.float64) @ factor)
    return product


def to_single(x: Float64s) -> Float32s:
    """Return ``x`` in single precision; what is beyond its range is cut to it."""
    return np.clip(x, -_LARGEST, _LARGEST).astype(np.float32)
