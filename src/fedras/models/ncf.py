"""Neural collaborative filtering: the score is a small network on user and item (FedNCF)."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s, Int32s
from fedras.codecs import RowUpdate
from fedras.config import LARGEST, Config
from fedras.core.random import normals
from fedras.kernels import ncf, network
from fedras.models.buffers import room_for
from fedras.models.model import MODELS, Cohort, Model


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
        """Return the flat network (`kernels.network.layers`): He's initialisation, biases 0."""
        inputs = (2 * dim, *network.UNITS[:-1])
        parts = [
            part
            for n, units in zip(inputs, network.UNITS, strict=True)
            for part in (np.full(n * units, np.sqrt(2 / n)), np.zeros(units))
        ]
        deviations = np.concatenate(parts).astype(np.float32)
        return deviations * normals(key, len(deviations), 1.0)

    def train(self, cohort: Cohort, config: Config) -> tuple[Sequence[RowUpdate], Float32s]:
        """Train all clients in one compiled loop (`kernels.ncf.train_clients`)."""
        updates = room_for(cohort, config)
        networks = np.repeat(cohort.scoring[None], len(cohort.keys), axis=0)
        ncf.train_clients(
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
        return ncf.score(vectors, scoring, ncf.item_half(scoring, items), candidates)

    def parts(self, scoring: Float32s, dim: int) -> dict[str, Float32s]:
        """Return layers 1 to 4: ``theta.1.weight``, float32[outputs, inputs], ``theta.1.bias``, ...

        The inputs of the first layer are the user's vector and then the item's.
        """
        user, (item, *upper), biases = network.layers(scoring, dim)
        weights = np.concatenate((user, item), axis=1), *upper
        named: dict[str, Float32s] = {}
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
            named |= {f"theta.{layer}.weight": weight, f"theta.{layer}.bias": bias}
        return named
