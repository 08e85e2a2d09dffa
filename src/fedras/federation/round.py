"""One round of Algorithm 1."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from fedras.arrays import Int64s
from fedras.core.updates import mean_cosine
from fedras.federation.catchup import count_fetched
from fedras.federation.checks import learn
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast, Traffic, Upload

Transport = Callable[[Broadcast, Int64s], Sequence[Upload | None]]
"""Brings a broadcast to the clients of a cohort and their uploads back, in the cohort's order.

None stands for a client that did not answer. An upload of another round, or anything else that is
not one of this round, is dropped by the server (`checks`).
"""


@dataclass(frozen=True)
class RoundResult:
    """What one round did.

    Attributes
    ----------
    round
        From 1: the number of rounds done.
    uplink, downlink
        What the cohort sent, and what all clients are sent because of this round.
    fetched
        What the cohort downloaded if only participants do (`catchup`); stands for ``downlink``.
    actions
        Distinct row vectors that a client is sent, averaged over the clients.
    cosine
        Average cosine between the rows of the server's update and what clients read of them.
    dropped
        How many uploads the server did not believe, by reason (`checks`).
    clipped
        How many rows were longer than the bound, and were shortened (`bounds`).
    metrics
        Of the clients' replicas, where the round was evaluated.
    """

    round: int
    uplink: Traffic
    downlink: Traffic
    fetched: Traffic
    actions: float
    cosine: float
    dropped: Counter[str]
    clipped: int
    metrics: dict[str, float] | None = None


def run_round(server: Server, transport: Transport) -> RoundResult:
    """Run one round of Algorithm 1 (lines 3 to 11) and advance ``server``."""
    uplink, downlink = Traffic(), Traffic()
    selected = server.select()
    answers = transport(server.broadcast, selected)
    uploads = [answer for answer in answers if answer is not None]
    cohort = selected[[answer is not None for answer in answers]]
    fetched = count_fetched(server, cohort)
    learnt = learn(server, cohort, uploads, uplink)
    learnt.delta.add_to(server.items)
    said = server.publish(learnt.delta, learnt.change, downlink)
    listeners = [stream.listeners for stream in server.streams]
    actions = [heard.actions for _, heard in said]
    cosines = [
        mean_cosine(wanted.rows, wanted.values, heard.rows, heard.values) for wanted, heard in said
    ]
    return RoundResult(
        server.broadcast.round,
        uplink,
        downlink,
        fetched,
        fmean(actions, listeners),
        fmean(cosines, listeners),
        learnt.dropped,
        learnt.clipped,
    )
