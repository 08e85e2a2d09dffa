"""What participants download, against a plain account of every client's every download."""

from typing import Any

import numpy as np
import pytest
from helpers.small_federation import HETEROGENEOUS, N_USERS, simulation

from fedras.codecs import RowUpdate
from fedras.codecs.plain import Plain
from fedras.federation import scoring
from fedras.federation.catchup import snapshot, snapshot_size
from fedras.federation.simulator import Simulation
from fedras.federation.wire import CATCH_UP, SCORING

KEY = np.uint64(0)
KINDS: dict[str, dict[str, Any]] = {
    "items": {},
    "streams": HETEROGENEOUS,
    "whole matrices": {"method": "fedras-e"},
    "network": {"model": "ncf", "scoring_numbers": "f32"},
    "coarse network": {"model": "ncf", "scoring_numbers": "q4n"},
    "one bit": {"model": "ncf", "scoring_numbers": "drive", **HETEROGENEOUS},
}


def snapshots(federation: Simulation) -> tuple[list[int], int]:
    """Return the sizes of each stream's replica and of the scoring model, in float32."""
    version, sizes = federation.round, []
    for replica in federation.silo.replicas:
        update = RowUpdate(np.arange(len(replica), dtype=np.int32), replica, len(replica))
        sizes.append(len(Plain().encode(update, KEY).of_round(version).to_bytes()))
    return sizes, len(scoring.write(federation.silo.scoring, "f32", version, KEY))


@pytest.mark.parametrize("kind", KINDS)
def test_a_participant_pays_for_what_it_missed_or_for_a_snapshot(kind: str) -> None:
    federation = simulation(rounds=30, **KINDS[kind])
    heard = [0] * N_USERS
    items: list[list[int]] = [[] for _ in federation.server.streams]
    networks: list[int] = []
    ways = set()
    for round_ in range(30):
        replicas, network = snapshots(federation)
        cohort = federation.server.select().tolist()
        expected = newest_network = 0
        for client in cohort:
            stream = int(federation.silo.stream[client])
            missed = items[stream][heard[client] :]
            updates = sum(missed[-1:] if federation.method.absolute else missed)
            changes = sum(networks[heard[client] :])
            expected += min(updates, replicas[stream]) + min(changes, network)
            if networks and changes <= network:
                newest_network += networks[-1]
            ways |= {("items", updates <= replicas[stream]), ("network", changes <= network)}
            heard[client] = round_
        result = federation.step()
        assert result.fetched.sent.total() == expected
        assert result.fetched.sent[SCORING] == newest_network
        assert result.fetched.sent[CATCH_UP] >= 0
        assert result.fetched.clients == len(cohort)
        for s, data in enumerate(federation.server.broadcast.items):
            items[s].append(len(data))
        networks.append(len(federation.server.broadcast.scoring))
    if kind == "coarse network":
        assert {("network", True), ("network", False)} <= ways


@pytest.mark.parametrize("numbers", ["f32", "q4", "drive"])
def test_missed_changes_and_a_snapshot_lead_to_the_same_network(numbers: str) -> None:
    federation = simulation(model="ncf", scoring_numbers=numbers)
    away = federation.silo.scoring.copy()
    for _ in range(5):
        federation.step()
        sent = federation.server.broadcast
        away = away + scoring.read(sent.scoring, len(away), sent.round)
    snapshot = scoring.write(federation.server.scoring, "f32", 5, KEY)
    assert away.tobytes() == federation.silo.scoring.tobytes()
    assert scoring.read(snapshot, len(away), 5).tobytes() == away.tobytes()


@pytest.mark.parametrize(
    "shape", [(1, 1), (63, 1), (64, 1), (255, 64), (256, 64), (16383, 1), (16384, 1), (3000, 35)]
)
@pytest.mark.parametrize("version", [0, 127, 128, 70_000])
def test_a_snapshot_has_the_size_that_is_counted(shape: tuple[int, int], version: int) -> None:
    replica = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    assert snapshot_size(shape, version) == len(snapshot(replica, version))
