"""Keys for counter-based random numbers: who draws, for what, in which round."""

from enum import IntEnum

import numpy as np

from fedras.arrays import UInt64s
from fedras.core.random import fold

_MASK = (1 << 64) - 1


class Purpose(IntEnum):
    """What a stream of random numbers is for. The values shape the results: never renumber."""

    ITEMS = 1
    USER = 2
    SCORING = 3
    COHORT = 4
    TRAINING = 5
    UPLINK = 6
    DOWNLINK = 7
    BUDGET = 8
    SHARED = 9
    SCORING_UPLINK = 10
    SCORING_DOWNLINK = 11
    PRIVACY = 12


def keys(seed: int, purpose: Purpose, *context: int | UInt64s) -> UInt64s:
    """Return one key per element of the context: the streams to draw from (`core.random`).

    Parameters
    ----------
    seed
        The run's seed.
    purpose
        What is drawn.
    context
        Integers such as the round, and arrays uint64[n] such as the clients; they broadcast.

    Returns
    -------
    uint64[n], with n = 1 where every element of the context is an integer.
    """
    state: int | UInt64s = seed
    for word in (int(purpose), *context):
        if isinstance(state, int) and isinstance(word, int):
            state = _mix(state ^ _mix(word))
        else:
            state = fold(_array(state), _array(word))
    return _array(state)


def key(seed: int, purpose: Purpose, *context: int) -> np.uint64:
    """Return the one key for a context of integers."""
    return np.uint64(keys(seed, purpose, *context)[0])


def _array(word: int | UInt64s) -> UInt64s:
    return np.ascontiguousarray(word, np.uint64)


def _mix(z: int) -> int:
    """SplitMix64's output function, as in `core.random`."""
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)
