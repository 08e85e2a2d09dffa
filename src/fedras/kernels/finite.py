"""Whether numbers are numbers."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

_LARGEST = float(np.finfo(np.float32).max)


@jit
def all_within(values: NDArray[np.float32], largest: float) -> bool:
    """Return whether no number of float32[n, d] is beyond ``largest`` or NaN; makes no flags."""
    bad, limit = np.int32(0), np.float32(largest)
    for i in range(values.shape[0]):
        for f in range(values.shape[1]):
            bad |= np.int32(not abs(values[i, f]) <= limit)
    return bool(bad == 0)


@jit
def all_finite(values: NDArray[np.float32]) -> bool:
    """Return whether float32[n, d] holds neither NaN nor infinity."""
    return all_within(values, _LARGEST)
