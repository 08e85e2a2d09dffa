"""A server that speaks in each so-many-th round, and its step."""

from typing import Any

import numpy as np
import pytest
from helpers.small_federation import simulation

from fedras.errors import UsageError

KINDS: dict[str, dict[str, Any]] = {
    "actions": {"actions": 4},
    "network": {"model": "ncf", "dim": 8},
    "tiers": {"rate_range": (0.6, 0.95), "rate_levels": 3},
    "rank": {"method": "powersgd", "compression_rate": 0.5},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_speaks_in_each_third_round_and_in_the_last(kind: str) -> None:
    federation = simulation(**KINDS[kind], every=3, rounds=7)
    assert federation.config.error_feedback
    for round_ in range(1, 8):
        before = federation.silo.replicas.copy(), federation.silo.scoring.copy()
        result = federation.step()
        spoken = round_ in {3, 6, 7}
        assert (result.downlink.sent.total() > 0) == spoken
        assert any(federation.server.broadcast.items) == spoken
        for stream, replica in zip(
            federation.server.streams, federation.silo.replicas, strict=True
        ):
            assert replica.tobytes() == stream.replica.tobytes()
        assert federation.silo.scoring.tobytes() == federation.server.scoring.tobytes()
        if not spoken:
            assert np.array_equal(federation.silo.replicas, before[0])
            assert np.array_equal(federation.silo.scoring, before[1])
            assert result.actions == 0


def test_nothing_is_lost_by_silence() -> None:
    federation = simulation(method="base", compression_rate=0.0, every=4, rounds=8)
    for _ in range(8):
        federation.step()
    difference = federation.silo.replicas[0] - federation.server.items
    assert np.abs(difference).max() < 1e-6


def test_who_takes_part_fetches_what_was_said_since() -> None:
    often, seldom = (simulation(actions=4, every=k, error_feedback=True) for k in (1, 3))
    fetched = [
        sum(federation.step().fetched.sent.total() for _ in range(6))
        for federation in (often, seldom)
    ]
    assert 0 < fetched[1] < fetched[0]


def test_the_server_takes_the_average_so_many_times() -> None:
    options: dict[str, Any] = {"method": "base", "compression_rate": 0.0, "weight_decay": 0.0}
    whole, half = simulation(**options), simulation(**options, server_rate=0.5)
    start = whole.server.items.copy()
    whole.step()
    half.step()
    moved = whole.server.items - start, half.server.items - start
    assert np.abs(moved[0]).max() > 0
    np.testing.assert_allclose(moved[1], 0.5 * moved[0], atol=1e-6)


def test_the_step_is_of_the_scoring_model_too_and_not_of_weight_decay() -> None:
    options: dict[str, Any] = {"model": "ncf", "dim": 8, "scoring_numbers": "f32"}
    whole, half = simulation(**options), simulation(**options, server_rate=0.5)
    start = whole.server.scoring.copy()
    whole.step()
    half.step()
    moved = whole.server.scoring - start, half.server.scoring - start
    np.testing.assert_allclose(moved[1], 0.5 * moved[0], atol=1e-6)
    decayed = simulation(actions=4, error_feedback=True, learning_rate=1e-9, weight_decay=1e7)
    slow = simulation(
        actions=4, error_feedback=True, learning_rate=1e-9, weight_decay=1e7, server_rate=0.5
    )
    for federation in (decayed, slow):
        federation.step()
    np.testing.assert_allclose(slow.server.items, decayed.server.items, atol=1e-6)


def test_what_was_not_said_needs_a_place() -> None:
    with pytest.raises(UsageError, match="error feedback"):
        simulation(every=2, error_feedback=False)
    with pytest.raises(UsageError, match="error feedback"):
        simulation(method="fedras-e", every=2)
