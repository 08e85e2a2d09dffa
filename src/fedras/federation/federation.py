"""What a run stands on: a federation, simulated or of nodes, between two rounds."""

from typing import Any, NamedTuple, Protocol

from fedras.arrays import Arrays
from fedras.config import Config
from fedras.federation.round import RoundResult
from fedras.federation.server import Server


class State(NamedTuple):
    """All that changes from round to round.

    Attributes
    ----------
    arrays
        By name.
    values
        What JSON can hold of it.
    """

    arrays: Arrays
    values: dict[str, Any]


class Quality(NamedTuple):
    """How well held-out items are ranked.

    Attributes
    ----------
    users
        How many were ranked.
    sampled, full, server
        Metrics of replicas against sampled items and against all, and of the server's matrix
        against sampled items; the last two are None but in the final evaluation.
    """

    users: int
    sampled: dict[str, float]
    full: dict[str, float] | None
    server: dict[str, float] | None


class Federation(Protocol):
    """A server and its clients, wherever they are.

    Attributes
    ----------
    given, config
        The options, complete, and as the method trains with them.
    server
        Algorithm 1's server.
    """

    given: Config
    config: Config
    server: Server

    def step(self) -> RoundResult:
        """Run the next round."""

    def evaluate(self, final: bool = False) -> Quality:
        """Rank held-out items; in the end also among all items and by the server's matrix."""

    def state(self) -> State:
        """Return all that changes from round to round; arrays are not copied."""

    def restore(self, state: State) -> None:
        """Return to what `state` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is the state of something else.
        """

    def described(self) -> dict[str, Any]:
        """Return what a summary says of the data and of whoever takes part."""
