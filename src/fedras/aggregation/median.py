"""The median of each number of an item."""

import numpy as np

from fedras.aggregation.aggregation import AGGREGATIONS
from fedras.aggregation.trimmed import Trimmed
from fedras.arrays import Int64s


@AGGREGATIONS.register("median")
class Median(Trimmed):
    """The median of each number of an item, over the clients that trained it."""

    citation = (
        "Yin et al., Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates, "
        "ICML 2018"
    )

    def trimmed(self, count: Int64s) -> Int64s:
        """Return all but the middle one or two."""
        return np.maximum(count - 1, 0) // 2
