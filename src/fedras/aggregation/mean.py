"""The mean: FedRAS's own aggregation (section 4.4), which believes every client."""

from collections.abc import Sequence

import numpy as np

from fedras.aggregation.aggregation import AGGREGATIONS, Aggregation, Sums
from fedras.arrays import Float32s, Float64s
from fedras.codecs import RowUpdate
from fedras.codecs.update import Joined, blocks
from fedras.core.updates import add_up


@AGGREGATIONS.register("mean")
class Mean(Aggregation):
    """Each item's mean over the clients that trained it."""

    citation = (
        "McMahan et al., Communication-Efficient Learning of Deep Networks from Decentralized "
        "Data, AISTATS 2017"
    )

    def sums(self, updates: Sequence[RowUpdate], shape: tuple[int, int]) -> Sums:
        """Add them up in the order of the clients."""
        size, dim = shape
        sums: Sums = np.zeros(0, np.int32), np.zeros((0, dim)), np.zeros(0, np.int64)
        for block in blocks(updates):
            own = Joined.of(block)
            sums = add_up(own.rows, own.bounds, own.chosen, own.vectors, own.starts, size, *sums)
        return sums

    def centre(self, values: Float32s) -> Float64s:
        """Return their mean."""
        return np.asarray(values.mean(axis=0, dtype=np.float64))
