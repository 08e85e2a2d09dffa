"""A node that lies, among honest ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fedras.arrays import UInt64s
from fedras.evaluation.metrics import CUTOFFS, bins
from fedras.nodes.messages import (
    NO_TAG,
    Done,
    Join,
    Joined,
    Reply,
    clients_digest,
    digest,
    pack_clients,
    parse_request,
    to_bytes,
)
from fedras.nodes.server.admission import Admission, Terms
from fedras.nodes.server.coordinator import Coordinator
from helpers.nodes_in_process import Perfect, config, coordinator, make_nodes

HONEST, USERS, LIAR, CAP = 3, 24, 99, 5
BINS = bins(CUTOFFS)
TOKEN = b"E" * 16
HITS = (CAP, *[0] * (BINS - 1))


@dataclass
class Liar:
    """A node that has no data; `lie` changes its answers."""

    claim: UInt64s
    token: bytes = TOKEN
    counts: tuple[int, ...] = HITS
    lie: Callable[[Any, Any], Reply] = lambda _, reply: reply
    asked: list[int] = field(default_factory=list)

    def answer(self, message: bytes) -> bytes:
        request, reply = parse_request(message), self._plain(message)
        return to_bytes(self.lie(request, reply))

    def _plain(self, message: bytes) -> Reply:
        request = parse_request(message)
        if isinstance(request, Join):
            return Joined(request.run, self.token, pack_clients(self.claim), 0, NO_TAG)
        places = len(request.cohort) // 8
        counts = self.counts * (0, 1, 3)[request.evaluate]
        uploads = () if request.evaluate else ((b"", b""),) * places
        self.asked += [] if request.evaluate else [places]
        done = digest(message), request.version, request.tag, clients_digest(self.claim)
        return Done(request.run, *done, uploads, counts)


def invented(count: int, seed: int = 0) -> UInt64s:
    return np.random.default_rng(seed).integers(0, 2**63, count, dtype=np.uint64)


@dataclass(frozen=True)
class Caps(Admission):
    """The liar may enrol `CAP` users; the operator knows nothing of the others."""

    former: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def terms(self) -> dict[int, Terms]:
        caps = {LIAR: CAP}
        return {a: Terms(caps.get(a, 100), self.former.get(a, ())) for a in range(100)}


def federation(
    liar: Liar, folder: Path, wanted: int = HONEST + 1, **options: object
) -> tuple[Coordinator, Perfect]:
    link = Perfect(make_nodes(HONEST, folder))
    link.parts[LIAR] = liar  # type: ignore[assignment]
    server = coordinator(link, config(**options), admission=Caps())
    server.gather(wanted)
    return server, link


def refused(server: Coordinator) -> dict[str, int]:
    counted: dict[str, int] = server.described()["federation"]["refused"]
    return counted


def enrolled_at(server: Coordinator, address: int) -> UInt64s:
    member = server.exchange.membership.roster.at(address)
    assert member is not None
    return member.enrolled
