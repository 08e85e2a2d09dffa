"""Norms of rows."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


@jit
def row_norms(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return float64[n], the Euclidean norm of each row of float32[n, d]; none overflows."""
    norms = np.empty(values.shape[0], np.float64)
    for i in range(values.shape[0]):
        total = 0.0
        for f in range(values.shape[1]):
            total += np.float64(values[i, f]) * np.float64(values[i, f])
        norms[i] = np.sqrt(total)
    return norms


@jit
def scaled(values: NDArray[np.float32], scale: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return each row of float32[n, d] times its scale."""
    out = np.empty(values.shape, np.float32)
    for i in range(values.shape[0]):
        for f in range(values.shape[1]):
            out[i, f] = np.float32(scale[i] * values[i, f])
    return out
