"""The contract of a method: its decisions in a round that is otherwise the same for all."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, Field

from fedras.arrays import AnyArray, Float32s, Float64s, Int64s
from fedras.codecs import Codec, Payload, RowUpdate
from fedras.config import OPTIONS, Config, NumbersName, Option
from fedras.errors import UsageError
from fedras.models import Cohort, Model
from fedras.registry import Registry

Memory = dict[str, float]
"""What a method remembers of a stream from round to round; JSON in the checkpoint."""

_PRINTED = 0.5e-4


class Method(BaseModel, ABC):
    """A method: a frozen set of hyper-parameters; a subclass registers with ``@METHODS``.

    A client's *budget* is what it may send and receive in the method's own unit, such as rows of
    the item matrix (e_u of the paper, section 4.1) or a rank. All clients of one budget hear the
    same stream of updates.

    Attributes
    ----------
    numbers
        The format of the floats that are sent (`fedras.numbers`).
    absolute
        Whether the server codes its matrix instead of an update: what is read replaces what was
        there.
    absolute_uplink
        Whether clients do so too.
    saves_up
        Whether a budget is of one round, and a server that is silent in some (``every``) has that
        of all of them when it speaks.
    """

    model_config = OPTIONS
    citation: ClassVar[str]
    absolute: ClassVar[bool] = False
    absolute_uplink: ClassVar[bool] = False
    saves_up: ClassVar[bool] = False
    numbers: NumbersName = Field("f32", description="number format of the floats that are sent")

    def configure(self, config: Config) -> Config:
        """Return the configuration under which the method meets its compression rate.

        Raises
        ------
        UsageError
            If the method cannot express the rate; the message names the nearest possible ones.
        """
        return config

    def implied(self, config: Config) -> dict[str, Option]:
        """Return options that follow from the others where nobody gave them.

        With several rates there is error feedback: the streams of an item matrix that many train
        grow apart, and without it none makes good what it does not say. Where the server does not
        speak in each round (``every``), it is what keeps the rest.
        """
        return {"error_feedback": True} if config.several_rates or config.every > 1 else {}

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return a client's budget at a compression rate, by default N (1 - CR) rows.

        Raises
        ------
        UsageError
            If the method cannot express the rate; the message names the nearest possible ones.
        """
        return max(1, round(n_items * (1 - rate)))

    def span(self, budgets: Int64s, dim: int, shared: np.uint64) -> Float32s:
        """Return the directions in which clients move their items, by default all of them.

        Parameters
        ----------
        budgets
            int64[S], of each stream.
        dim
            The embedding dimension d.
        shared
            As for `uplink`.

        Returns
        -------
        float32[S, r, d] for `Cohort`; r = 0 where items move freely.
        """
        return np.zeros((len(budgets), 0, dim), np.float32)

    def train(
        self, model: Model, cohort: Cohort, config: Config
    ) -> tuple[Sequence[RowUpdate], Float32s]:
        """Train each client of the cohort locally, by default as the model does (`Model.train`)."""
        return model.train(cohort, config)

    @abstractmethod
    def uplink(self, budget: int, shared: np.uint64) -> Codec:
        """Return the codec of a client's update.

        Parameters
        ----------
        budget
            The client's.
        shared
            A stream of random numbers that all sides have in common in this round.
        """

    def downlink(self, budget: int, shared: np.uint64) -> Codec:
        """Return the codec of the server's update, by default that of the clients."""
        return self.uplink(budget, shared)

    def compress(
        self, update: RowUpdate, budget: int, memory: Memory, shared: np.uint64, key: np.uint64
    ) -> tuple[Payload, Memory]:
        """Code the server's update for a stream, by default with `downlink`.

        Parameters
        ----------
        update
            The rows that changed; none is all zero.
        budget, shared
            As for `uplink`.
        memory
            What the last call for this stream returned; empty at first.
        key
            The stream's own random numbers for this round.
        """
        return self.downlink(budget, shared).encode(update, key), memory

    def compress_beside(
        self,
        replica: Float32s,
        update: RowUpdate,
        budget: int,
        memory: Memory,
        shared: np.uint64,
        key: np.uint64,
    ) -> tuple[Payload, Memory]:
        """Code the server's update beside the stream's replica, float32[N, d].

        By default with `downlink`, or as the method's own `compress`, which leaves the replica out;
        the rest is as there.
        """
        if type(self).compress is not Method.compress:
            return self.compress(update, budget, memory, shared, key)
        return self.downlink(budget, shared).beside(replica).encode(update, key), memory

    def apply(self, update: RowUpdate, replica: Float32s) -> None:
        """Do to ``replica``, float32[N, d], in place, what a decoded update of a stream says."""
        if self.absolute:
            replica[update.rows] = update.values
        else:
            update.add_to(replica)

    def average(self, total: Float64s, count: Int64s, cohort: int) -> AnyArray:
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
        return total / count[:, None]


def rehearse(method: Method, budgets: Iterable[int], n_items: int, dim: int) -> None:
    """Code one row up and down for each budget, so that options which cannot be meant show first.

    Raises
    ------
    UsageError
        If an option of the method is impossible that its declaration let pass.
    """
    row = np.zeros(1, np.int32), np.ones((1, dim), np.float32)
    update, key = RowUpdate(*row, n_items), np.uint64(0)
    for budget in budgets:
        method.uplink(budget, key).encode(update, key)
        method.compress(update, budget, {}, key, key)


METHODS: Registry[Method] = Registry("method", "methods")


def fit(method: str, rate: float, possible: Sequence[float]) -> int:
    """Return the index of the possible rate that ``rate`` is, to four digits.

    Raises
    ------
    UsageError
        If it is none of them; the message names the nearest below and above.
    """
    distance = np.abs(np.asarray(possible) - rate)
    if distance.min() <= _PRINTED * 1.001:
        return int(distance.argmin())
    nearest = sorted(np.asarray(possible)[np.argsort(distance)[:2]])
    names = " and ".join(f"{value:.4f}" for value in nearest)
    raise UsageError(f"{method} cannot express compression rate {rate}; the nearest are {names}")


def fit_columns(method: str, rate: float, dim: int) -> int:
    """Return d (1 - CR), for a method that sends so many numbers of each row of d.

    Raises
    ------
    UsageError
        If that is not a whole number, to four digits of the rate.
    """
    return 1 + fit(method, rate, [1 - columns / dim for columns in range(1, dim + 1)])


def require_one_rate(method: str, config: Config) -> None:
    """Raise UsageError if clients have rates of their own, for a method that treats all alike."""
    if config.several_rates:
        raise UsageError(
            f"{method} has one compression_rate for all clients: leave out rate_range and rate_file"
        )
