"""Matrix factorisation: the score is the dot product of user and item (FedMF's base model)."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.kernels import mf
from fedras.kernels.jit import balanced, threads
from fedras.models.model import MODELS, Cohort, Floats, Model


@MODELS.register("mf")
class MF(Model):
    """sigmoid(p.q), trained with binary cross-entropy (paper, section 2.1)."""

    learning_rate: float = Field(3.0, gt=0, description="of local SGD, in the first round")
    weight_decay: float = Field(0.007, ge=0, description="of local SGD, on the vectors it moves")
    citation = "Chai et al., Secure Federated Matrix Factorization, IEEE Intelligent Systems 2020"

    def initial_scoring(self, dim: int, key: np.uint64) -> Floats:
        """Return float32[0]: the dot product has nothing to learn."""
        return np.zeros(0, np.float32)

    def train(self, cohort: Cohort, config: Config) -> tuple[list[RowUpdate], Floats]:
        """Train all clients in one compiled loop (`kernels.mf.train_clients`)."""
        size, dim = cohort.replicas.shape[1:]
        work = np.diff(cohort.bounds)
        room = np.minimum(work * (1 + config.negatives * config.local_epochs), size)
        offsets = np.concatenate(([0], np.cumsum(room)))
        rows = np.empty(offsets[-1], np.int32)
        values = np.empty((offsets[-1], dim), np.float32)
        count = np.empty(len(work), np.int64)
        mf.train_clients(
            cohort.vectors,
            cohort.replicas,
            cohort.span,
            cohort.stream,
            cohort.positives,
            cohort.bounds,
            offsets,
            balanced(work),
            cohort.keys,
            threads(),
            (
                config.local_epochs,
                config.batch_size,
                config.negatives,
                cohort.learning_rate,
                self.weight_decay,
            ),
            rows,
            values,
            count,
        )
        updates = [
            RowUpdate(rows[start : start + n], values[start : start + n], size)
            for start, n in zip(offsets, count, strict=False)
        ]
        return updates, np.zeros((len(work), 0), np.float32)

    def scores(
        self, vectors: Floats, items: Floats, scoring: Floats, candidates: NDArray[np.int32] | None
    ) -> Floats:
        """Return the dot products."""
        if candidates is None:
            return mf.score_all(vectors, items)
        return mf.score_some(vectors, items, candidates)
