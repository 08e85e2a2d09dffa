"""A client that takes no part: its private vector, trained on its own device alone."""

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s, UInt64s
from fedras.federation.client import Silo
from fedras.federation.start import first_vectors
from fedras.models import Cohort
from fedras.rng import Purpose, keys


def fold_in(silo: Silo, clients: UInt64s, indptr: Int64s, items: Int32s) -> Float32s:
    """Return the vectors, float32[C, d], of clients that no round has had.

    Each trains as often as a client does in the mean of a whole run, with the run's local step and
    falling learning rate, from the replica of the silo's largest budget, whose rows stay fixed.
    What it learns of the scoring model is dropped after each time; nothing is sent, and the silo
    stays as it is. The vectors are a function of the run, the clients and their items.

    Parameters
    ----------
    silo
        Holds the replica.
    clients
        uint64[C], their identities.
    indptr, items
        int64[C + 1] and int32[...]: client c likes ``items[indptr[c]:indptr[c + 1]]``.
    """
    config, model = silo.config, silo.model
    vectors = first_vectors(config, model, clients)
    times = max(1, round(config.rounds * config.client_fraction))
    stream = np.zeros(len(clients), np.int64)
    nowhere = np.zeros((1, 1, config.dim), np.float32)  # a span in which no row can move
    for time in range(times):
        cohort = Cohort(
            vectors,
            items,
            indptr,
            silo.replicas[-1:],
            stream,
            silo.scoring,
            keys(config.seed, Purpose.TRAINING, config.rounds + time, clients),
            model.rate_at(time, times),
            nowhere,
        )
        silo.method.train(model, cohort, config)
    return vectors
