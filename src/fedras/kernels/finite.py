"""Whether numbers are numbers."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

_LARGEST = np.float32(np.finfo(np.float32).max)


@jit
def all_finite(values: NDArray[np.float32]) -> bool:
    """Return whether float32[n, d] holds neither NaN nor infinity; makes no array of flags."""
    bad = np.int32(0)
    for i in range(values.shape[0]):
        for f in range(values.shape[1]):
            bad |= np.int32(not abs(values[i, f]) <= _LARGEST)
    return bool(bad == 0)
