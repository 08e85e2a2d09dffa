"""The contract of a method: its decisions in a round that is otherwise the same for all."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from fedras.codecs import Codec, Payload, RowUpdate
from fedras.config import Config
from fedras.registry import Registry

Memory = dict[str, float]
"""What a method remembers of a stream from round to round; JSON in the checkpoint."""


class Method(BaseModel, ABC):
    """A method: a frozen set of hyper-parameters; a subclass registers with ``@METHODS``.

    A client's *budget* is its limit e_u in rows of the item matrix (paper, section 4.1); all
    clients of one budget hear the same stream of updates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    citation: ClassVar[str]

    def configure(self, config: Config, n_items: int) -> Config:
        """Return the configuration under which the method meets its compression rate.

        Raises
        ------
        UsageError
            If the method cannot express the rate; the message names the nearest possible ones.
        """
        return config

    def budget(self, rate: float, n_items: int) -> int:
        """Return the limit in rows at a compression rate: C_e = N (1 - CR), at least 1."""
        return max(1, round(n_items * (1 - rate)))

    @abstractmethod
    def uplink(self, budget: int) -> Codec:
        """Return the codec of a client's update."""

    @abstractmethod
    def compress(
        self, update: RowUpdate, budget: int, memory: Memory, key: np.uint64
    ) -> tuple[Payload, Memory]:
        """Code the server's update for a stream.

        Parameters
        ----------
        update
            The rows that changed; none is all zero.
        budget
            The limit of the stream's clients.
        memory
            What the last call for this stream returned; empty at first.
        key
            The stream of random numbers for this round.
        """

    def average(
        self, total: NDArray[np.float64], count: NDArray[np.int64], cohort: int
    ) -> NDArray[Any]:
        """Average the clients' updates of each touched item.

        Parameters
        ----------
        total
            float64[n, d], the sums.
        count
            int64[n], how many clients trained each item.
        cohort
            How many clients took part in the round.

        Returns
        -------
        float64[n, d], by default the mean over the clients that trained the item (section 4.4).
        """
        del cohort
        return total / count[:, None]


METHODS: Registry[Method] = Registry("method", "methods")
