"""A large cohort is read some clients at a time, and gives the bits that it gives at once."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from helpers.small_federation import simulation
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.aggregation import AGGREGATIONS
from fedras.arrays import Int64s
from fedras.codecs import RowUpdate
from fedras.codecs.plain import Plain
from fedras.config import Config
from fedras.data import from_columns
from fedras.federation import reading
from fedras.federation.checks import learn
from fedras.federation.reading import OnDemand, chosen, mapped, read_all
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Traffic, Upload
from fedras.methods import METHODS

N_ITEMS, DIM, CLIENTS = 12_000, 32, 400
MATRIX = 4 * N_ITEMS * DIM


@pytest.mark.parametrize("aggregation", AGGREGATIONS.names())
@pytest.mark.parametrize(
    "defences", [{}, {"norm_bound": 2.0, "norm_limit": 0.5, "reputation": True}]
)
@pytest.mark.parametrize("method", METHODS.names())
def test_a_round_is_the_same_bit_for_bit(
    method: str, defences: dict[str, Any], aggregation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"method": method, "compression_rate": 0.5, "aggregation": aggregation, **defences}
    at_once, in_parts = simulation(**given), simulation(**given)
    parts, wrapped = [], OnDemand._together

    def together(self: OnDemand, part: Int64s) -> list[RowUpdate]:
        parts.append(part)
        return wrapped(self, part)

    for _ in range(2):
        at_once.step()
    monkeypatch.setattr(reading, "_ROOM", 1)
    monkeypatch.setattr(reading.OnDemand, "_together", together)
    monkeypatch.setattr("fedras.aggregation.trimmed._MUCH", 40)
    for _ in range(2):
        in_parts.step()
    assert len(parts) > 4
    assert in_parts.server.items.tobytes() == at_once.server.items.tobytes()
    assert in_parts.server.trust.tobytes() == at_once.server.trust.tobytes()


@settings(max_examples=100)
@given(
    sizes=st.lists(st.integers(0, 50), max_size=30),
    room=st.integers(1, 200),
    marked=st.integers(0, 2**30),
)
def test_updates_on_demand_are_a_sequence(sizes: list[int], room: int, marked: int) -> None:
    bound = np.array(sizes, np.int64)
    most = 0

    def read(part: Int64s) -> list[RowUpdate]:
        nonlocal most
        most = max(most, int(bound[part].sum()))
        return [update(int(c)) for c in part]

    def update(c: int) -> RowUpdate:
        return RowUpdate(np.array([c], np.int32), np.full((1, 2), c, np.float32), 100)

    found = OnDemand(read, bound, room)
    assert [int(each.rows[0]) for each in found] == list(range(len(sizes)))
    assert most <= 2 * room + max(sizes, default=0)
    which = np.array([marked >> c & 1 for c in range(len(sizes))], np.bool_)
    doubled = mapped(chosen(found, which), lambda each: each.with_values(2 * each.values))
    assert [each.values[0, 0] for each in doubled] == (2 * np.flatnonzero(which)).tolist()
    if sizes:
        assert found[-1].rows[0] == len(sizes) - 1
        assert [each.rows[0] for each in found[1::2]] == list(range(1, len(sizes), 2))


def test_what_is_refused_is_refused_at_once() -> None:
    def read(part: Int64s) -> list[RowUpdate]:
        raise ValueError(f"{len(part)} are bad")

    with pytest.raises(ValueError, match="are bad"):
        read_all(read, np.full(3, 1 << 30), 1)


def large(**given: Any) -> Simulation:
    items = list(range(N_ITEMS)) + [0, 1] * (CLIENTS - 1)
    users = ["a"] * N_ITEMS + [f"b{i // 2}" for i in range(2 * (CLIENTS - 1))]
    config = Config.model_validate(
        {"dim": DIM, "client_fraction": 1.0, "compression_rate": 0, "method": "base"} | given
    )
    return Simulation(config, from_columns("large", users, items))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"norm_bound": 2.0, "reputation": True},
        {"aggregation": "median"},
    ],
    ids=["mean", "defended", "median"],
)
def test_a_cohort_of_small_payloads_takes_a_few_matrices(given: dict[str, Any]) -> None:
    """One bit a number: 400 matrices of 1.5 MB, which the budget of ``base`` allows, in 19 MB."""
    simulated = large(**given)
    everything = np.arange(N_ITEMS, dtype=np.int32)
    values = np.random.default_rng(0).normal(size=(N_ITEMS, DIM)).astype(np.float32)
    payload = Plain("bit").encode(RowUpdate(everything, values, N_ITEMS), np.uint64(0))
    uploads = [Upload(payload.to_bytes(), b"")] * CLIENTS
    cohort = np.arange(CLIENTS)
    learn(simulated.server, cohort[:1], uploads[:1], Traffic())  # loads what it needs
    tracemalloc.start()
    try:
        learnt = learn(simulated.server, cohort, uploads, Traffic())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not learnt.dropped
    assert len(learnt.delta.rows) == N_ITEMS
    assert most < 6 * reading._ROOM < CLIENTS * MATRIX / 3


def test_a_budget_is_checked_before_a_number_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    server = simulation().server
    rows = np.arange(len(server.items), dtype=np.int32)
    values = np.ones(server.items.shape, np.float32)
    data = Plain("bit").encode(RowUpdate(rows, values, len(rows)), np.uint64(0)).to_bytes()
    monkeypatch.setattr("fedras.numbers.bit.Bit.decode", None)
    assert learn(server, np.arange(1), [Upload(data, b"")], Traffic()).dropped == {"budget": 1}
