"""One round of Algorithm 1."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from fedras.arrays import Int64s
from fedras.federation.catchup import count_fetched
from fedras.federation.checks import learn
from fedras.federation.clock import Clock, Seconds
from fedras.federation.server import Server
from fedras.federation.spread import spread
from fedras.federation.wire import Broadcast, Traffic, Upload, merged

Transport = Callable[[Broadcast, Int64s], Sequence[Upload | None]]
"""Brings a broadcast to the clients of a cohort and their uploads back, in the cohort's order.

None stands for a client that did not answer. An upload of another round, or anything else that is
not one of this round, is dropped by the server (`checks`).
"""

CLIENTS, AVERAGING, PUBLISHING = "clients", "averaging", "publishing"
MEASURING = "measuring"
"""Phases: what clients do or are waited for, what the server reads and averages, what it codes, and
what is counted of it all."""


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
    cluster_sizes, cosines
        What these two are the means of, as clients hear it (`spread`): counted once for each
        client.
    sent, received
        Bytes of ``uplink`` and of ``fetched`` by the budget of the clients, as text.
    dropped
        How many uploads the server did not believe, by reason (`checks`).
    clipped
        How many rows were longer than the bound, and were shortened (`bounds`).
    seconds
        How long each phase took (`clock`); results of the same round are equal all the same.
    metrics
        Of the clients' replicas, where the round was evaluated.
    """

    round: int
    uplink: Traffic
    downlink: Traffic
    fetched: Traffic
    actions: float
    cosine: float
    cluster_sizes: Counter[str]
    cosines: Counter[str]
    sent: Counter[str]
    received: Counter[str]
    dropped: Counter[str]
    clipped: int
    seconds: Seconds = field(compare=False)
    metrics: dict[str, float] | None = None


def run_round(server: Server, transport: Transport) -> RoundResult:
    """Run one round of Algorithm 1 (lines 3 to 11) and advance ``server``."""
    clock, uplink, downlink = Clock(), Traffic(), Traffic()
    selected = server.select()
    answers = transport(server.broadcast, selected)
    clock.lap(CLIENTS)
    uploads = [answer for answer in answers if answer is not None]
    cohort = selected[[answer is not None for answer in answers]]
    fetched = count_fetched(server, cohort)
    learnt = learn(server, cohort, uploads, uplink)
    learnt.delta.add_to(server.items)
    clock.lap(AVERAGING)
    said = server.publish(learnt.delta, learnt.change, downlink)
    clock.lap(PUBLISHING)
    heard = spread(said, [stream.listeners for stream in server.streams])
    sent = _by_budget(server, cohort, uploads)
    received = _fetched_by_budget(server, fetched)
    clock.lap(MEASURING)
    return RoundResult(
        server.broadcast.round,
        uplink,
        downlink,
        merged(fetched),
        heard.actions,
        heard.cosine,
        heard.cluster_sizes,
        heard.cosines,
        sent,
        received,
        learnt.dropped,
        learnt.clipped,
        clock.seconds,
    )


def _by_budget(server: Server, cohort: Int64s, uploads: Sequence[Upload]) -> Counter[str]:
    sizes = [len(upload.items) + len(upload.scoring) for upload in uploads]
    streams = server.stream_of[cohort]
    sums = np.bincount(streams, sizes, len(server.streams)).astype(np.int64).tolist()
    heard = set(streams.tolist())
    return Counter({str(server.streams[s].budget): sums[s] for s in sorted(heard)})


def _fetched_by_budget(server: Server, fetched: Sequence[Traffic]) -> Counter[str]:
    streams = zip(server.streams, fetched, strict=True)
    return Counter({str(stream.budget): each.sent.total() for stream, each in streams})
