"""One round of Algorithm 1."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedras.federation.catchup import catch_up
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.kernels.cosine import mean_cosine

Transport = Callable[[Broadcast, NDArray[np.int64]], list[Upload]]
"""Brings a broadcast to the clients of a cohort and their uploads back, in the cohort's order."""


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
    metrics
        Of the clients' replicas, where the round was evaluated.
    """

    round: int
    uplink: Traffic
    downlink: Traffic
    fetched: Traffic
    actions: float
    cosine: float
    metrics: dict[str, float] | None = None


def run_round(server: Server, transport: Transport) -> RoundResult:
    """Run one round of Algorithm 1 (lines 3 to 11) and advance ``server``."""
    uplink, downlink = Traffic(), Traffic()
    cohort = server.select()
    fetched = catch_up(server, cohort)
    uploads = transport(server.broadcast, cohort)
    updates, changes = server.decode(cohort, uploads, uplink)
    delta = server.average(updates)
    delta.add_to(server.items)
    change = changes.mean(axis=0, dtype=np.float64).astype(np.float32)
    said = server.publish(delta, change, downlink)
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
        float(np.average(actions, weights=listeners)),
        float(np.average(cosines, weights=listeners)),
    )
