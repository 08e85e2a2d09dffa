"""Items that a user has not interacted with, drawn from the user's own stream."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels import itemset
from fedras.kernels.jit import jit, parallel
from fedras.kernels.random import below, bits


@parallel
def sample_all(
    seed_key: np.uint64,
    keys: NDArray[np.uint64],
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    n_items: int,
    negatives: NDArray[np.int32],
) -> None:
    """Fill in int32[M, count], distinct items per user that its history does not hold."""
    for user in numba.prange(len(keys)):
        seen = items[indptr[user] : indptr[user + 1]]
        stream = bits(keys[user] ^ seed_key, np.uint64(0))
        _sample(stream, seen, n_items, negatives[user])


@jit
def _sample(
    stream: np.uint64, seen: NDArray[np.int32], n_items: int, out: NDArray[np.int32]
) -> None:
    members = itemset.empty(len(seen) + len(out))
    distinct = 0
    for item in seen:
        distinct += itemset.add(members, item)
    # Up to here a draw is rejected at most half the time; beyond, walking through all items costs
    # no more than twice the rows that the user has and gets.
    if 2 * (distinct + len(out)) > n_items:
        _sample_listed(stream, members, n_items, n_items - distinct, out)
        return
    filled, counter = 0, np.uint64(0)
    while filled < len(out):
        item = below(stream, counter, n_items)
        counter += np.uint64(1)
        if itemset.add(members, item):
            out[filled] = item
            filled += 1


@jit
def _sample_listed(
    stream: np.uint64, members: NDArray[np.int32], n_items: int, left: int, out: NDArray[np.int32]
) -> None:
    """Write down all ``left`` items that are not in the set and shuffle as many as are needed."""
    candidates = np.empty(left, np.int32)
    filled = 0
    for item in range(n_items):
        if not itemset.contains(members, item):
            candidates[filled] = item
            filled += 1
    for position in range(min(left, len(out))):
        other = position + below(stream, np.uint64(position), left - position)
        out[position] = candidates[other]
        candidates[other] = candidates[position]
