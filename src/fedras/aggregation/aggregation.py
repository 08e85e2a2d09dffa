"""The contract of an aggregation: what the server takes for each item's update of those it got."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from fedras.arrays import Float32s, Float64s, Int32s, Int64s
from fedras.codecs import RowUpdate
from fedras.config import OPTIONS
from fedras.registry import Registry

Sums = tuple[Int32s, Float64s, Int64s]
"""int32[n], float64[n, d] and int64[n]: the items that any client trained, ascending, the sum of
each over those that did, and their number."""


class Aggregation(BaseModel, ABC):
    """An aggregation: a frozen set of options; a subclass registers with ``@AGGREGATIONS``."""

    model_config = OPTIONS
    citation: ClassVar[str]

    @abstractmethod
    def sums(self, updates: Sequence[RowUpdate], shape: tuple[int, int]) -> Sums:
        """Add up what clients sent of each item.

        Parameters
        ----------
        updates
            One per client, any number of them, all finite.
        shape
            Of the item matrix.

        Returns
        -------
        An aggregation that is no mean returns its centre times the number of clients.
        """

    @abstractmethod
    def centre(self, values: Float32s) -> Float64s:
        """Return float64[P], the same of what all clients send, float32[C, P] with C > 0."""


AGGREGATIONS: Registry[Aggregation] = Registry("aggregation", "aggregation")
