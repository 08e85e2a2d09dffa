"""The contract of a base model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from fedras.arrays import Float32s, Float64s, Int32s, Int64s, UInt64s
from fedras.codecs import RowUpdate
from fedras.config import LARGEST, OPTIONS, Config
from fedras.registry import Registry


@dataclass(frozen=True, eq=False)
class Cohort:
    """What the clients of a round train on, gathered where they live.

    Attributes
    ----------
    vectors
        float32[C, d], their private vectors; training changes them in place.
    positives, bounds
        int32[...] and int64[C + 1]: client c interacted with
        ``positives[bounds[c]:bounds[c + 1]]``.
    replicas
        float32[S, N, d], the item matrix of each stream.
    stream
        int64[C], the stream that each client hears.
    scoring
        float32[P], the scoring model they start from; P = 0 where the model has none.
    keys
        uint64[C], each client's stream of random numbers for this round.
    learning_rate
        Of this round.
    span
        float32[S, r, d], orthonormal directions (or zeros): the item rows of a stream's clients
        move only within their span; r = 0 where they move freely.
    """

    vectors: Float32s
    positives: Int32s
    bounds: Int64s
    replicas: Float32s
    stream: Int64s
    scoring: Float32s
    keys: UInt64s
    learning_rate: float
    span: Float32s


class Model(BaseModel, ABC):
    """A base model: a frozen set of hyper-parameters; a subclass registers with ``@MODELS``."""

    model_config = OPTIONS
    citation: ClassVar[str]
    learning_rate: float = Field(gt=0, le=LARGEST, description="of local SGD, in the first round")
    final_learning_rate: float = Field(
        0.1, ge=0, le=1, description="share of learning_rate that is left in the last round"
    )
    weight_decay: float = Field(
        0.02,
        ge=0,
        le=LARGEST,
        description="of SGD, on the vectors and rows that it moves",
        json_schema_extra={"search": "0.001..0.1"},
    )
    decay_per: Literal["epoch", "step"] = Field(
        "epoch", description="what weight_decay is of: a local epoch, or each of its steps"
    )
    initial_scale: float = Field(
        1.0,
        gt=0,
        le=LARGEST,
        description="standard deviation of the first vectors and rows, times d",
    )

    def rate_at(self, round_: int, rounds: int) -> float:
        """Return the learning rate of a round, counted from 0: it falls in a straight line."""
        done = round_ / max(1, rounds - 1)
        return self.learning_rate * (1 - done * (1 - self.final_learning_rate))

    def row_decay(self, config: Config) -> float:
        """Return the weight decay of item rows in local training.

        None with error feedback: then the server shrinks the rows (`Server.average`). It is a small
        part of an update, in another direction than the rest, and K-means to few actions loses it.
        """
        return 0.0 if config.error_feedback else self.weight_decay

    def decay_shares(self, positives: Int64s, config: Config) -> Float64s:
        """Return float64[C]: how much of `weight_decay` each step of a client takes.

        By epoch, who has many items, int64[C], is not shrunk more often than who has few.
        """
        if self.decay_per == "step":
            return np.ones(len(positives))
        samples = positives * (1 + config.negatives)
        return np.asarray(1.0 / np.maximum(1, -(-samples // config.batch_size)), np.float64)

    def shrinking(self, rows: int, config: Config) -> float:
        """Return the weight decay of a step of a client that touched so many rows in a round."""
        positives = np.array([rows // (1 + config.negatives * config.local_epochs)])
        return self.weight_decay * float(self.decay_shares(positives, config)[0])

    @property
    def has_bias(self) -> bool:
        """Whether scores have a part that is the same for all users."""
        return False

    def prepared(self, vectors: Float32s) -> Float32s:
        """Return the users' first vectors, float32[C, d], as the model wants them."""
        return vectors

    @abstractmethod
    def initial_scoring(self, dim: int, key: np.uint64) -> Float32s:
        """Return the shared scoring model at the start, float32[P]."""

    @abstractmethod
    def train(self, cohort: Cohort, config: Config) -> tuple[Sequence[RowUpdate], Float32s]:
        """Train each client of the cohort locally.

        Returns
        -------
        Each client's update of the item matrix, and the scoring models, float32[C, P].
        """

    @abstractmethod
    def scores(
        self, vectors: Float32s, items: Float32s, scoring: Float32s, candidates: Int32s | None
    ) -> Float32s:
        """Score items for users.

        Parameters
        ----------
        vectors
            float32[B, d].
        items
            float32[N, d].
        scoring
            float32[P].
        candidates
            int32[B, K] for scores of some items per user, float32[B, K]; None for float32[B, N].
        """

    def parts(self, scoring: Float32s, dim: int) -> dict[str, Float32s]:
        """Return the scoring model, float32[P], by the names of its parts, for other software."""
        return {"theta": scoring} if len(scoring) else {}


MODELS: Registry[Model] = Registry("model", "models")
