"""Steps that stay within the span of a few vectors."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


@jit
def step_within(
    span: NDArray[np.float32],
    item: NDArray[np.float32],
    slope: NDArray[np.float32],
    step: np.float32,
    shrink: np.float32,
) -> None:
    """Move ``item`` by the part of -(``step * slope + shrink * item``) within ``span``, in place.

    Parameters
    ----------
    span
        float32[r, d], orthonormal vectors; zeros among them do nothing.
    item, slope
        float32[d].
    """
    for k in range(len(span)):
        along = np.float32(0)
        for f in range(len(item)):
            along += span[k, f] * (step * slope[f] + shrink * item[f])
        for f in range(len(item)):
            item[f] -= along * span[k, f]
