"""What a run stands on: a federation, simulated or of nodes, between two rounds."""

from typing import Any, NamedTuple, Protocol

from fedras.arrays import Int64s
from fedras.config import Config
from fedras.federation.round import RoundResult
from fedras.federation.server import Server
from fedras.federation.state import State


class Quality(NamedTuple):
    """How well held-out items are ranked.

    Attributes
    ----------
    users
        How many held-out items were ranked: one per user, unless ``split`` says otherwise.
    sampled, full, server
        Metrics of replicas against sampled items and against all, and of the server's matrix
        against sampled items.
    beyond
        What is recommended to all users together (`evaluation.beyond`); None of nodes, as nobody
        sees all users' lists.
    """

    users: int
    sampled: dict[str, float]
    full: dict[str, float]
    server: dict[str, float]
    beyond: dict[str, float] | None = None


class Federation(Protocol):
    """A server and its clients, wherever they are.

    Attributes
    ----------
    given, config
        The options, complete, and as the method trains with them.
    server
        Algorithm 1's server.
    by_stream
        int64[S, bins], histograms of the ranks that `validate` found last, by the stream that users
        hear (`metrics.counts`); None before, and where only their sum is known.
    """

    given: Config
    config: Config
    server: Server
    by_stream: Int64s | None

    @property
    def fingerprint(self) -> str:
        """A digest by which the data is recognised that a state belongs to."""

    @property
    def remote(self) -> bool:
        """Whether clients are out of this process, and remember what they were sent.

        Then each round is on the disk before anybody hears of it.
        """

    def step(self) -> RoundResult:
        """Run the next round."""

    def validate(self) -> dict[str, float] | None:
        """Rank what `Config.monitor` names, and let `Server.schedule` follow from it.

        Returns
        -------
        Metrics against sampled items; None while nothing is held out but the test item, and that
        is not to be looked at.
        """

    def evaluate(self) -> Quality:
        """Rank the held-out items of the test, sampled, in full and by the server's matrix."""

    def compared(self) -> dict[str, Any] | None:
        """Return what baselines reach on the data (`baselines.compare`); None if nobody has all."""

    def state(self) -> State:
        """Return all that changes from round to round; arrays are not copied."""

    def restore(self, state: State) -> None:
        """Return to what `state` gave.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else; nothing has changed then.
        """

    def described(self) -> dict[str, Any]:
        """Return what a summary says of the data and of whoever takes part."""
