"""Neural collaborative filtering: the score is a small network on user and item (FedNCF)."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s, Int32s
from fedras.codecs import RowUpdate
from fedras.config import LARGEST, Config
from fedras.core.random import normals
from fedras.core.scoring import score_ncf
from fedras.core.training import train_ncf
from fedras.models.buffers import room_for
from fedras.models.model import MODELS, Cohort, Model

UNITS = 64, 32, 16, 1
"""Of each layer, as in ``core/training/network.hpp``."""


@MODELS.register("ncf")
class NCF(Model):
    """sigmoid(MLP([p, q])) with 64, 32 and 16 ReLU units (He et al., WWW 2017)."""

    citation: ClassVar[str] = (
        "Perifanis and Efraimidis, Federated Neural Collaborative Filtering, "
        "Knowledge-Based Systems 2022"
    )
    learning_rate: float = Field(
        2.0,
        gt=0,
        le=LARGEST,
        description="of local SGD, in the first round",
        json_schema_extra={"search": "0.2..6"},
    )
    network_rate: float = Field(
        0.1,
        ge=0,
        le=LARGEST,
        description="learning rate of the network, as a share of learning_rate",
        json_schema_extra={"search": "0.02..0.5"},
    )

    def initial_scoring(self, dim: int, key: np.uint64) -> Float32s:
        """Return the flat network: He's initialisation, biases 0.

        It is U, V, b1, W2, b2, W3, b3, W4, b4 one after another. A matrix of weights is
        float32[outputs, inputs], row by row: U for the user's d inputs of the first layer, V for
        the item's, W2 to W4 for the other layers.
        """
        inputs = (2 * dim, *UNITS[:-1])
        parts = [
            part
            for n, units in zip(inputs, UNITS, strict=True)
            for part in (np.full(n * units, np.sqrt(2 / n)), np.zeros(units))
        ]
        deviations = np.concatenate(parts).astype(np.float32)
        return deviations * normals(key, len(deviations), 1.0)

    def train(self, cohort: Cohort, config: Config) -> tuple[Sequence[RowUpdate], Float32s]:
        """Train all clients in one compiled loop (`core.training.train_ncf`)."""
        updates = room_for(cohort, config)
        networks = np.repeat(cohort.scoring[None], len(cohort.keys), axis=0)
        train_ncf(
            cohort.vectors,
            cohort.replicas,
            cohort.span,
            cohort.stream,
            cohort.positives,
            cohort.bounds,
            cohort.keys,
            (
                config.local_epochs,
                config.batch_size,
                config.negatives,
                cohort.learning_rate,
                self.weight_decay,
                self.row_decay(config),
                cohort.learning_rate * self.network_rate,
            ),
            self.decay_shares(np.diff(cohort.bounds), config),
            networks,
            updates.rows,
            updates.values,
            updates.starts,
            updates.counts,
        )
        return updates, networks

    def scores(
        self, vectors: Float32s, items: Float32s, scoring: Float32s, candidates: Int32s | None
    ) -> Float32s:
        """Return the logits."""
        if candidates is None:
            candidates = np.arange(len(items), dtype=np.int32)[None]
        return score_ncf(vectors, items, scoring, candidates)

    def parts(self, scoring: Float32s, dim: int) -> dict[str, Float32s]:
        """Return layers 1 to 4: ``theta.1.weight``, float32[outputs, inputs], ``theta.1.bias``, ...

        The inputs of the first layer are the user's vector and then the item's.
        """
        user, rest = np.split(scoring, [UNITS[0] * dim])
        named: dict[str, Float32s] = {}
        for layer, (inputs, units) in enumerate(zip((dim, *UNITS), UNITS, strict=False), start=1):
            weights, bias, rest = np.split(rest, [units * inputs, units * (inputs + 1)])
            named[f"theta.{layer}.weight"] = weights.reshape(units, inputs)
            named[f"theta.{layer}.bias"] = bias
        both = user.reshape(UNITS[0], dim), named["theta.1.weight"]
        return named | {"theta.1.weight": np.concatenate(both, axis=1)}
