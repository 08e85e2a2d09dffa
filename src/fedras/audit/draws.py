"""The draw of negatives, repeated by who knows its key: the run's seed, the round, the identity."""

from typing import NamedTuple

import numpy as np

from fedras.arrays import Bools, Int64s

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BLOCK = 512


class Replay(NamedTuple):
    """What of a draw can have been.

    Attributes
    ----------
    drawn
        bool[N], the items that it gave.
    length
        How many times it was made.
    """

    drawn: Bools
    length: int


def replayed(key: int, there: Bools) -> Replay:
    """Draw until an item comes that is not among the rows of an upload, bool[N].

    A client draws until it has enough negatives, and all that comes is among its rows: negatives,
    or items that it has, which it passes over. So the first item that is not there comes after the
    end. Where all rows are there nothing can be told, and nothing is drawn.
    """
    drawn, length = np.zeros_like(there), 0
    while not there.all():
        items = draws(key, length, _BLOCK, len(there))
        outside = np.flatnonzero(~there[items])
        kept = items[: outside[0]] if len(outside) else items
        drawn[kept] = True
        length += len(kept)
        if len(outside):
            break
    return Replay(drawn, length)


def draws(key: int, first: int, count: int, n: int) -> Int64s:
    """Return int64[count], what `core.random.below` gives for the counters from ``first`` on."""
    z = np.uint64(key) + np.arange(first + 1, first + count + 1, dtype=np.uint64) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.int64)
