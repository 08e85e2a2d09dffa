"""Nodes that add up what their users learnt before they send it."""

from typing import Any

import numpy as np
import pytest
from helpers.small_federation import DIM, HETEROGENEOUS, N_ITEMS, simulation
from hypothesis import given
from hypothesis import strategies as st

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.errors import UsageError
from fedras.federation.summing import dealt, groups_of, mean_update, of_each, rows_of_one
from fedras.federation.wire import NOTHING, Broadcast, Upload

EXACT: dict[str, Any] = {"method": "base", "compression_rate": 0.0}


@given(st.lists(st.lists(st.integers(0, 9), unique=True), min_size=1, max_size=5))
def test_the_mean_is_that_of_the_users_who_have_a_row(rows: list[list[int]]) -> None:
    rng = np.random.default_rng(0)
    updates = [
        RowUpdate(
            np.array(sorted(own), np.int32), rng.normal(size=(len(own), 3)).astype(np.float32), 10
        )
        for own in rows
    ]
    mean = mean_update(updates)
    assert mean.rows.tolist() == sorted(set().union(*rows))
    for row, value in zip(mean.rows.tolist(), mean.values, strict=True):
        theirs = [u.values[u.rows == row][0] for u in updates if row in u.rows]
        np.testing.assert_allclose(value, np.mean(theirs, axis=0, dtype=np.float64), rtol=1e-6)


def test_each_node_sends_once_and_what_it_sends_is_the_mean_of_its_users() -> None:
    alone, summed = simulation(**EXACT), simulation(**EXACT, summing_nodes=4)
    cohort = summed.server.select()
    assert cohort.tolist() == alone.server.select().tolist()
    uploads = summed.silo.train(cohort)
    each = [
        decode(Payload.from_bytes(upload.items, (N_ITEMS, DIM), 0))
        for upload in alone.silo.train(cohort)
    ]
    nodes = dealt(summed.server.clients[cohort], 4)
    groups = groups_of(nodes)
    assert len(groups) > 1
    assert max(map(len, groups)) > 1
    for group in groups:
        upload, *rest = (uploads[c] for c in group.tolist())
        assert rest == [NOTHING] * len(rest)
        sent = decode(Payload.from_bytes(upload.items, (N_ITEMS, DIM), 0))
        mean = mean_update([each[c] for c in group.tolist()])
        assert sent.rows.tolist() == mean.rows.tolist()
        assert sent.values.tobytes() == mean.values.tobytes()


def test_a_node_fetches_once_for_all_its_users() -> None:
    federation = simulation(summing_nodes=3)
    nodes = dealt(federation.server.clients, 3)
    seen: list[set[int]] = []
    deliver = federation.transport

    def noting(broadcast: Broadcast, cohort: np.ndarray[Any, Any]) -> Any:
        seen.append(set(nodes[cohort].tolist()))
        return deliver(broadcast, cohort)

    federation.transport = noting
    for _ in range(3):
        result = federation.step()
        assert result.uplink.clients == result.fetched.clients == len(seen[-1])
    for node in range(3):
        heard = federation.server.heard[nodes == node]
        assert (heard == heard[0]).all()


def test_of_each_gives_all_users_what_their_node_sent() -> None:
    a, b = (Upload(name, b"") for name in (b"a", b"b"))
    assert of_each([a, None, b, None], np.array([5, 5, 2, 7])) == [a, a, b, None]
    assert of_each([NOTHING, a, NOTHING], np.array([5, 5, 2])) == [a, a, None]


@pytest.mark.parametrize(("rows", "users", "one"), [(190, 2, 100), (100, 1, 100), (1000, 4, 994)])
def test_rows_of_one(rows: int, users: float, one: int) -> None:
    assert rows_of_one(rows, 1000, users) == one


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (HETEROGENEOUS, "one rate"),
        ({"reputation": True}, "reputation"),
        ({"method": "fedras-t"}, "averages"),
    ],
)
def test_what_no_node_can_add_up_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        simulation(**options, summing_nodes=3)


def test_the_same_with_any_number_of_threads() -> None:
    one, four = (simulation(summing_nodes=4, threads=n) for n in (1, 4))
    for _ in range(3):
        assert one.step() == four.step()
    assert one.server.items.tobytes() == four.server.items.tobytes()
