"""Memory that a compiled loop over clients writes their updates to."""

import numpy as np

from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.models.model import Cohort


class Buffers:
    """Room for the update of each client of a cohort, one after another.

    Attributes
    ----------
    offsets
        int64[C + 1], where a client's part begins; it has room for every item it can touch.
    rows, values, count
        int32[...], float32[..., d] and int64[C]: the touched rows, ascending, what is added to
        each, and how many there are; to be filled in.
    """

    def __init__(self, cohort: Cohort, config: Config) -> None:
        self.size, dim = cohort.replicas.shape[1:]
        positives = np.diff(cohort.bounds)
        room = positives * (1 + config.negatives * config.local_epochs)
        self.offsets = np.concatenate(([0], np.cumsum(np.minimum(room, self.size))))
        self.rows = np.empty(self.offsets[-1], np.int32)
        self.values = np.empty((self.offsets[-1], dim), np.float32)
        self.count = np.empty(len(positives), np.int64)

    def updates(self) -> list[RowUpdate]:
        """Return each client's update, once it is filled in."""
        parts = [
            slice(start, start + n) for start, n in zip(self.offsets, self.count, strict=False)
        ]
        return [RowUpdate(self.rows[part], self.values[part], self.size) for part in parts]
