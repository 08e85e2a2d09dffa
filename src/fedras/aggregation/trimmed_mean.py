"""The trimmed mean: a share of each number's smallest and largest values is left out."""

import numpy as np
from pydantic import Field

from fedras.aggregation.aggregation import AGGREGATIONS
from fedras.aggregation.trimmed import Trimmed
from fedras.arrays import Int64s


@AGGREGATIONS.register("trimmed-mean")
class TrimmedMean(Trimmed):
    """The mean of each number of an item without its smallest and largest values.

    Attributes
    ----------
    trim
        The share of an item's clients that is left out at each end, rounded down.
    """

    citation = (
        "Yin et al., Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates, "
        "ICML 2018"
    )
    trim: float = Field(0.2, ge=0, lt=0.5, description="share left out at each end of each number")

    def trimmed(self, count: Int64s) -> Int64s:
        """Return the share of each, rounded down."""
        return np.asarray(self.trim * count, np.int64)
