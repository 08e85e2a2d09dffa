"""What aggregations have in common that leave out the extremes of each number."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from fedras.aggregation.aggregation import Aggregation, Sums
from fedras.arrays import Float32s, Float64s, Int64s
from fedras.codecs import RowUpdate
from fedras.codecs.update import join
from fedras.kernels.trimmed import by_item, centres


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
        centre, count = np.zeros(shape, np.float64), np.zeros(shape[0], np.int64)
        if updates:
            places, starts = by_item(join([update.rows for update in updates])[0], shape[0])
            values, _ = join([update.values for update in updates])
            count = np.diff(starts)
            centres(values, places, starts, self.trimmed(count), centre)
        return centre * count[:, None], count

    def centre(self, values: Float32s) -> Float64s:
        """Trim each number over all clients."""
        starts = np.array([0, len(values)], np.int64)
        centre = np.zeros((1, values.shape[1]), np.float64)
        centres(values, np.arange(len(values)), starts, self.trimmed(np.diff(starts)), centre)
        return np.asarray(centre[0])
