"""What aggregations have in common that leave out the extremes of each number."""

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fedras.aggregation.aggregation import Aggregation, Sums
from fedras.arrays import Float32s, Float64s, Int32s, Int64s
from fedras.codecs import RowUpdate
from fedras.codecs.update import join
from fedras.core.updates import by_item, centres

_MUCH = 1 << 23  # numbers; the values of some items by all clients must be in memory together


class Trimmed(Aggregation):
    """The mean of what is left of each number of an item without its extremes.

    While fewer clients lie than are left out at one end, the result is between two values of honest
    clients. The order of the clients changes nothing, to the bit.
    """

    @abstractmethod
    def trimmed(self, count: Int64s) -> Int64s:
        """Return how many of ``count`` values, int64[n], are left out at each end."""

    def sums(self, updates: Sequence[RowUpdate], shape: tuple[int, int]) -> Sums:
        """Trim each item over the clients that trained it."""
        size, dim = shape
        count = np.zeros(size, np.int64)
        for update in updates:
            count[update.rows] += 1
        rows = np.flatnonzero(count).astype(np.int32)
        place, count = np.cumsum(count > 0, dtype=np.int32) - np.int32(1), count[rows]
        centre = np.zeros((len(rows), dim), np.float64)
        for first, last in _cuts(count * dim):
            within = [_within(update, place, first, last) for update in updates]
            places, starts = by_item(join([own for own, _ in within])[0], last - first)
            values, _ = join([vectors for _, vectors in within])
            centres(values, places, starts, self.trimmed(np.diff(starts)), centre[first:last])
        return rows, centre * count[:, None], count

    def centre(self, values: Float32s) -> Float64s:
        """Trim each number over all clients."""
        starts = np.array([0, len(values)], np.int64)
        centre = np.zeros((1, values.shape[1]), np.float64)
        centres(values, np.arange(len(values)), starts, self.trimmed(np.diff(starts)), centre)
        return np.asarray(centre[0])


def _cuts(numbers: Int64s) -> list[tuple[int, int]]:
    """Return ranges of items with about `_MUCH` numbers each; int64[n] says how many each has."""
    part = (np.cumsum(numbers) - numbers // 2) // _MUCH
    ends = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(numbers)]
    return list(pairwise(ends)) if numbers.any() else []


def _within(update: RowUpdate, place: Int32s, first: int, last: int) -> tuple[Int32s, Float32s]:
    """Return the places in [first, last) of an update's rows, from there on, and their values."""
    own = place[update.rows]
    some = slice(*np.searchsorted(own, (first, last)))
    return own[some] - np.int32(first), update.vectors.take(update.chosen[some], 0)
