"""What a user's latest items come to: a sum of rows in which the last one weighs most."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import parallel


@parallel
def fading_sums(
    rows: NDArray[np.float32],
    items: NDArray[np.int32],
    bounds: NDArray[np.int64],
    decay: np.float32,
) -> NDArray[np.float32]:
    """Return float32[B, d]: of each user the sum of ``decay ** age`` times the row of an item.

    The last item has age 0, the one before it age 1. Added up from the oldest item on.

    Parameters
    ----------
    rows
        float32[N, d].
    items, bounds
        User b has ``items[bounds[b]:bounds[b + 1]]``, the last one at the end.
    decay
        From 0 to 1; at 1 all items weigh the same.
    """
    out = np.zeros((len(bounds) - 1, rows.shape[1]), np.float32)
    for user in numba.prange(len(bounds) - 1):
        mine = out[user]
        for place in range(bounds[user], bounds[user + 1]):
            row = rows[items[place]]
            for k in range(len(mine)):
                mine[k] = decay * mine[k] + row[k]
    return out
