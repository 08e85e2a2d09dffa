"""The items that a held-out item has to beat: fixed, drawn once per user."""

import numpy as np

from fedras.arrays import Int32s
from fedras.core.random import bits
from fedras.core.sampling import sample_all
from fedras.data.interactions import Interactions, client_keys
from fedras.errors import UsageError

_STREAM = np.uint64(0x6E65676174697665)


def sample_negatives(interactions: Interactions, count: int = 99, seed: int = 0) -> Int32s:
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
    sample_all(
        seed_key, keys, interactions.indptr, interactions.items, interactions.n_items, negatives
    )
    return negatives
