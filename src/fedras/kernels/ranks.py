"""Ranks of held-out items among all items, and the items that come first."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import parallel


@parallel
def ranks_of(
    scores: NDArray[np.float32],
    bounds: NDArray[np.int64],
    held_out: NDArray[np.int32],
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
) -> NDArray[Any]:
    """Return int64[held-out items], how many candidates do not score below each; alters scores.

    User u's are ``held_out[bounds[u]:bounds[u + 1]]``. No candidates are these, and
    ``items[indptr[u]:indptr[u + 1]]``, which score -infinity afterwards.
    """
    ranks = np.empty(len(held_out), np.int64)
    for user in numba.prange(len(scores)):
        row = scores[user]
        mine = held_out[bounds[user] : bounds[user + 1]]
        own = row[mine]
        row[items[indptr[user] : indptr[user + 1]]] = -np.inf
        row[mine] = -np.inf
        for j in range(len(mine)):
            ahead = 0
            for i in range(len(row)):
                ahead += not row[i] < own[j]
            ranks[bounds[user] + j] = ahead
        row[mine] = own
    return ranks


@parallel
def first_of(scores: NDArray[np.float32], k: int) -> NDArray[Any]:
    """Return int32[B, k], the items of the largest scores, float32[B, N], the largest first.

    Of equal scores the first item comes first. -1 where fewer than k score more than -infinity;
    NaN does not.
    """
    lists = np.full((len(scores), k), -1, np.int32)
    for user in numba.prange(len(scores)):
        row = scores[user]
        best = np.full(k, -np.inf, np.float32)
        for i in range(len(row)):
            if not row[i] > best[k - 1]:
                continue
            place = k - 1
            while place > 0 and row[i] > best[place - 1]:
                best[place] = best[place - 1]
                lists[user, place] = lists[user, place - 1]
                place -= 1
            best[place] = row[i]
            lists[user, place] = i
    return lists
