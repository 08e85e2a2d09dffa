"""Whole rounds: what is sent, what is held, and that it can be resumed."""

import copy
import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from helpers.small_federation import DIM, HETEROGENEOUS, N_ITEMS, N_USERS, simulation

from fedras.arrays import Int64s
from fedras.codecs import Part, Payload
from fedras.federation.round import run_round
from fedras.federation.simulator import Simulation
from fedras.federation.state import State
from fedras.federation.wire import Broadcast, Upload
from fedras.run.summary import uncompressed

KINDS: dict[str, dict[str, Any]] = {
    "alike": {},
    "uncompressed": {"compression_rate": 0.0},
    "tight": {"compression_rate": 0.97},
    "budgets": HETEROGENEOUS,
}


@pytest.fixture(params=KINDS)
def federation(request: pytest.FixtureRequest) -> Simulation:
    return simulation(**KINDS[request.param])


def parsed(data: bytes) -> Payload:
    return Payload.from_bytes(data, (N_ITEMS, DIM))


def vectors(payload: Payload) -> int:
    sizes = (len(payload.parts.get(part, b"")) for part in (Part.ACTIONS, Part.VALUES))
    return sum(sizes) // (4 * DIM)


def test_replicas_are_what_the_server_thinks(federation: Simulation) -> None:
    for _ in range(5):
        federation.step()
        for mine, stream in zip(federation.silo.replicas, federation.server.streams, strict=True):
            assert mine.tobytes() == stream.replica.tobytes()
        assert federation.silo.version == federation.round
    if federation.config.compression_rate == 0:
        assert federation.silo.replicas[0].tobytes() == federation.server.items.tobytes()


def test_nobody_hears_more_vectors_than_the_limit_allows(federation: Simulation) -> None:
    alpha = float(federation.config.options["alpha"])
    for _ in range(5):
        result = federation.step()
        counts = []
        for stream, data in zip(
            federation.server.streams, federation.server.broadcast.items, strict=True
        ):
            counts.append(vectors(parsed(data)))
            assert counts[-1] <= max(stream.budget, stream.budget * (1 + alpha))
        listeners = [stream.listeners for stream in federation.server.streams]
        assert sum(listeners) == N_USERS
        assert result.actions == pytest.approx(np.average(counts, weights=listeners))


def test_nobody_sends_more_vectors_than_the_limit_allows(federation: Simulation) -> None:
    for _ in range(3):
        federation.step()
        cohort = federation.server.select()
        uploads = copy.deepcopy(federation.silo).train(cohort)
        for client, upload in zip(cohort, uploads, strict=True):
            budget = federation.silo.budgets[federation.silo.stream[client]]
            payload = parsed(upload.items)
            assert vectors(payload) <= budget
            assert payload.round == federation.round
            touched = federation.split.items[
                federation.split.indptr[client] : federation.split.indptr[client + 1]
            ]
            if payload.codec == "actions":
                assert len(touched) * 9 > budget


def test_bytes_counted_are_bytes_sent(federation: Simulation) -> None:
    sent: list[Upload] = []
    heard: list[Broadcast] = []

    def transport(broadcast: Broadcast, cohort: Int64s) -> list[Upload]:
        heard.append(broadcast)
        federation.silo.receive(broadcast)
        uploads = federation.silo.train(cohort)
        sent.extend(uploads)
        return uploads

    for number in range(1, 4):
        sent.clear()
        result = run_round(federation.server, transport)
        assert result.round == number
        assert heard[-1].round == number - 1
        up = sum(len(upload.items) + len(upload.scoring) for upload in sent)
        assert result.uplink.sent.total() == up
        assert result.uplink.clients == len(sent)
        assert result.uplink.per_client == up / len(sent)
        down = sum(
            stream.listeners * len(data)
            for stream, data in zip(
                federation.server.streams, federation.server.broadcast.items, strict=True
            )
        )
        down += N_USERS * len(federation.server.broadcast.scoring)
        assert result.downlink.sent.total() == down
        assert result.downlink.clients == N_USERS
        assert -1 <= result.cosine <= 1 + 1e-6


def test_a_transport_of_two_silos_gives_the_same_numbers() -> None:
    """Who holds a client, and in which order silos answer, changes nothing."""
    one, two = simulation(**HETEROGENEOUS), simulation(**HETEROGENEOUS)
    silos = [two.silo, copy.deepcopy(two.silo)]

    def transport(broadcast: Broadcast, cohort: Int64s) -> list[Upload]:
        answers: dict[int, Upload] = {}
        for holder, silo in reversed(list(enumerate(silos))):
            silo.receive(broadcast)
            mine = cohort[cohort % 2 == holder][::-1]
            if len(mine):
                uploads = silo.train(mine)
                answers.update(zip(mine.tolist(), uploads, strict=True))
        return [answers[client] for client in cohort.tolist()]

    for _ in range(4):
        one.step()
        run_round(two.server, transport)
        assert one.server.broadcast == two.server.broadcast
    assert one.server.items.tobytes() == two.server.items.tobytes()
    owner = np.arange(N_USERS) % 2
    merged = np.where(owner[:, None] == 0, silos[0].vectors, silos[1].vectors)
    assert one.silo.vectors.tobytes() == merged.tobytes()


def test_full_precision_is_heard_as_it_is() -> None:
    federation = simulation(compression_rate=0.0)
    result = federation.step()
    assert result.cosine == pytest.approx(1, abs=1e-6)
    assert parsed(federation.server.broadcast.items[0]).codec == "plain"


def saved(federation: Simulation) -> tuple[bytes, str]:
    """Return the state as a checkpoint would keep it."""
    arrays, values = federation.state()
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue(), json.dumps(values)


def loaded(state: tuple[bytes, str]) -> State:
    with np.load(BytesIO(state[0])) as file:
        return State(dict(file), json.loads(state[1]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_resumes_to_the_bit(kind: str, rounds: int) -> None:
    through = simulation(**KINDS[kind])
    for _ in range(rounds):
        through.step()
    state = saved(through)
    resumed = simulation(**KINDS[kind])
    if rounds:
        resumed.step()  # whatever it did before is forgotten
    resumed.restore(loaded(state))
    assert resumed.round == rounds
    assert saved(resumed) == state
    for _ in range(2):
        one, other = through.step(), resumed.step()
        assert through.server.broadcast == resumed.server.broadcast
        assert one.uplink == other.uplink
        assert one.downlink == other.downlink
        assert one.cosine == other.cosine
    assert saved(through) == saved(resumed)


def test_uncompressed_is_the_whole_matrix(federation: Simulation) -> None:
    traffic = uncompressed(federation)
    assert traffic.clients == 1
    assert traffic.vectors_per_client == N_ITEMS * DIM * 4
    assert traffic.sent["values"] == N_ITEMS * DIM * 4
    assert N_ITEMS * DIM * 4 < traffic.per_client < N_ITEMS * DIM * 4 + 64
    assert federation.round == 0
