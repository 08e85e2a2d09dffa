"""Memory that a compiled loop over clients writes their updates to."""

import numpy as np

from fedras.codecs import Updates
from fedras.config import Config
from fedras.core.updates import bounds_of
from fedras.models.model import Cohort


def room_for(cohort: Cohort, config: Config) -> Updates:
    """Return updates of no rows yet, each with room for every item that its client can touch."""
    size, dim = cohort.replicas.shape[1:]
    positives = np.diff(cohort.bounds)
    most = positives * (1 + config.negatives * config.local_epochs)
    bounds = bounds_of(np.minimum(most, size))
    rows, values = np.empty(bounds[-1], np.int32), np.empty((bounds[-1], dim), np.float32)
    return Updates(rows, values, bounds[:-1], np.zeros(len(positives), np.int64), size)
