"""The contract of a base model."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.registry import Registry

Floats = NDArray[np.float32]


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
    """

    vectors: Floats
    positives: NDArray[np.int32]
    bounds: NDArray[np.int64]
    replicas: Floats
    stream: NDArray[np.int64]
    scoring: Floats
    keys: NDArray[np.uint64]
    learning_rate: float


class Model(BaseModel, ABC):
    """A base model: a frozen set of hyper-parameters; a subclass registers with ``@MODELS``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    citation: ClassVar[str]

    @abstractmethod
    def initial_scoring(self, dim: int, key: np.uint64) -> Floats:
        """Return the shared scoring model at the start, float32[P]."""

    @abstractmethod
    def train(self, cohort: Cohort, config: Config) -> tuple[list[RowUpdate], Floats]:
        """Train each client of the cohort locally.

        Returns
        -------
        Each client's update of the item matrix, and the scoring models, float32[C, P].
        """

    @abstractmethod
    def scores(
        self, vectors: Floats, items: Floats, scoring: Floats, candidates: NDArray[np.int32] | None
    ) -> Floats:
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


MODELS: Registry[Model] = Registry("model", "models")
