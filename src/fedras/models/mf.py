"""Matrix factorisation: the score is the dot product of user and item (FedMF's base model)."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s, Int32s
from fedras.codecs import RowUpdate
from fedras.config import LARGEST, Config
from fedras.core import training
from fedras.core.scoring import score_all, score_some
from fedras.models.buffers import room_for
from fedras.models.model import MODELS, Cohort, Model


@MODELS.register("mf")
class MF(Model):
    """sigmoid(p.q), trained with binary cross-entropy (paper, section 2.1)."""

    learning_rate: float = Field(
        3.0,
        gt=0,
        le=LARGEST,
        description="of local SGD, in the first round",
        json_schema_extra={"search": "0.3..10"},
    )
    bias: bool = Field(
        True, description="the last number of each user is 1: that of an item is its popularity"
    )
    citation = "Chai et al., Secure Federated Matrix Factorization, IEEE Intelligent Systems 2020"

    def initial_scoring(self, dim: int, key: np.uint64) -> Float32s:
        """Return float32[0]: the dot product has nothing to learn."""
        return np.zeros(0, np.float32)

    @property
    def has_bias(self) -> bool:
        """Whether scores have a part that is the same for all users."""
        return self.bias

    def prepared(self, vectors: Float32s) -> Float32s:
        """Return vectors, float32[C, d], with a last number of 1 where items have a bias.

        Koren, Bell and Volinsky, Matrix Factorization Techniques for Recommender Systems, IEEE
        Computer 42(8), 2009, equation 4.
        """
        if self.bias:
            vectors[:, -1] = 1
        return vectors

    def settings(
        self, cohort: Cohort, config: Config
    ) -> tuple[int, int, int, float, float, float, bool]:
        """Return the settings of `training.train_mf` for a cohort."""
        return (
            config.local_epochs,
            config.batch_size,
            config.negatives,
            cohort.learning_rate,
            self.weight_decay,
            self.row_decay(config),
            self.bias,
        )

    def train(self, cohort: Cohort, config: Config) -> tuple[Sequence[RowUpdate], Float32s]:
        """Train all clients in one compiled loop (`training.train_mf`)."""
        updates = room_for(cohort, config)
        training.train_mf(
            cohort.vectors,
            cohort.replicas,
            cohort.span,
            cohort.stream,
            cohort.positives,
            cohort.bounds,
            cohort.keys,
            self.settings(cohort, config),
            self.decay_shares(np.diff(cohort.bounds), config),
            updates.rows,
            updates.values,
            updates.starts,
            updates.counts,
        )
        return updates, np.zeros((len(cohort.keys), 0), np.float32)

    def scores(
        self, vectors: Float32s, items: Float32s, scoring: Float32s, candidates: Int32s | None
    ) -> Float32s:
        """Return the dot products."""
        if candidates is None:
            return score_all(vectors, items)
        return score_some(vectors, items, candidates)
