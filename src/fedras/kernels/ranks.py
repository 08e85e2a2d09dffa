"""Ranks of held-out items among all items."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import parallel


@parallel
def ranks_of(
    scores: NDArray[np.float32],
    held_out: NDArray[np.int32],
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
) -> NDArray[Any]:
    """Return int64[B], how many candidates do not score below each held-out item; alters scores."""
    ranks = np.empty(len(held_out), np.int64)
    for user in numba.prange(len(held_out)):
        row = scores[user]
        own = row[held_out[user]]
        row[items[indptr[user] : indptr[user + 1]]] = -np.inf
        row[held_out[user]] = -np.inf
        ahead = 0
        for i in range(len(row)):
            ahead += not row[i] < own
        ranks[user] = ahead
    return ranks
