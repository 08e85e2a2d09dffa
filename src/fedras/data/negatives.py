"""The items that a held-out item has to beat: fixed, drawn once per user."""

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.data.interactions import Interactions, client_keys
from fedras.errors import UsageError
from fedras.kernels import itemset
from fedras.kernels.jit import jit, parallel
from fedras.kernels.random import below, bits

_STREAM = np.uint64(0x6E65676174697665)


def sample_negatives(
    interactions: Interactions, count: int = 99, seed: int = 0
) -> NDArray[np.int32]:
    """Draw items that a user never interacted with, be it in training, validation or test.

    A user's row depends on the seed, the user's id and items and the number of items, but not on
    the other users, their order or the number of threads.

    Parameters
    ----------
    interactions
        All interactions: the training rows and those that are held out.
    count
        How many per user.
    seed
        Another seed gives another sample.

    Returns
    -------
    int32[M, count]: distinct items per user in random order, padded with -1 where the user left
    fewer than ``count`` items untouched.

    Raises
    ------
    UsageError
        If ``count`` or ``seed`` is negative.
    """
    if count < 0 or seed < 0:
        raise UsageError(f"negatives need a count and a seed of at least 0, not {count} and {seed}")
    negatives = np.full((interactions.n_users, count), -1, np.int32)
    seed_key = np.uint64(bits(np.uint64(seed), _STREAM))
    keys = client_keys(interactions.user_ids)
    _sample_all(
        seed_key, keys, interactions.indptr, interactions.items, interactions.n_items, negatives
    )
    return negatives


@parallel
def _sample_all(
    seed_key: np.uint64,
    keys: NDArray[np.uint64],
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    n_items: int,
    negatives: NDArray[np.int32],
) -> None:
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
