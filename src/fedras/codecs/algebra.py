"""Products of factors, in double precision."""

import numpy as np

from fedras.arrays import Float32s, Float64s
from fedras.parallel import one_blas_thread

_LARGEST = np.finfo(np.float32).max


@one_blas_thread
def multiply(left: Float32s, right: Float32s) -> Float32s:
    """Return float32[n, d], the sum of the directions float32[r, n] x float32[r, d]."""
    return to_single(left.T.astype(np.float64) @ right.astype(np.float64))


def to_single(x: Float64s) -> Float32s:
    """Return ``x`` in single precision; what is beyond its range is cut to it."""
    return np.clip(x, -_LARGEST, _LARGEST).astype(np.float32)
