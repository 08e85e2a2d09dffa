import dataclasses
from collections import Counter

import numpy as np
import pytest
from helpers.small_federation import DIM, N_ITEMS, N_USERS, simulation

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError
from fedras.federation.reading import decode
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast, Traffic, Upload

KEY = np.uint64(0)


def at_round(server: Server, round_: int, clients: np.ndarray | None = None) -> Server:
    """Return a copy of the server in another round, with its clients in another order."""
    return dataclasses.replace(
        server,
        clients=server.clients if clients is None else clients,
        broadcast=Broadcast(round_, (), b""),
    )


@pytest.mark.parametrize(("fraction", "size"), [(0.01, 1), (0.1, 2), (0.25, 6), (0.9, 22), (1, 24)])
def test_a_cohort_has_the_right_size_and_no_repetition(fraction: float, size: int) -> None:
    federation = simulation(client_fraction=fraction)
    for round_ in range(20):
        cohort = at_round(federation.server, round_).select()
        assert len(cohort) == len(set(cohort.tolist())) == size
        assert cohort.min() >= 0
        assert cohort.max() < N_USERS


def test_a_cohort_depends_on_identities_and_not_on_their_order() -> None:
    federation = simulation()
    order = np.random.default_rng(0).permutation(N_USERS)
    for round_ in range(10):
        one = at_round(federation.server, round_)
        other = at_round(federation.server, round_, one.clients[order])
        first = one.clients[one.select()]
        assert first.tolist() == other.clients[other.select()].tolist()


def test_everybody_has_the_same_chance() -> None:
    federation = simulation()
    rounds = 2000
    cohorts = [at_round(federation.server, t).select().tolist() for t in range(rounds)]
    assert len({tuple(cohort) for cohort in cohorts}) > 1900
    chosen = Counter(client for cohort in cohorts for client in cohort)
    # 500 expected for each, standard deviation 19.
    assert all(400 < chosen[client] < 600 for client in range(N_USERS))


def test_another_seed_selects_others() -> None:
    one, other = simulation(seed=1), simulation(seed=2)
    assert one.server.select().tolist() != other.server.select().tolist()


def updates(seed: int, n: int = 7) -> list[RowUpdate]:
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(n):
        rows = np.flatnonzero(rng.random(N_ITEMS) < 0.3).astype(np.int32)
        values = rng.normal(size=(len(rows), DIM)).astype(np.float32)
        result.append(RowUpdate(rows, values, N_ITEMS))
    return result


def test_with_error_feedback_the_server_shrinks_the_rows_that_move() -> None:
    server = simulation(error_feedback=True, weight_decay=0.01).server
    rows, values = np.array([2, 5], np.int32), np.ones((2, DIM), np.float32)
    shrunk = server.average([RowUpdate(rows, values, N_ITEMS)])
    rate = server.model.rate_at(0, server.config.rounds)
    assert shrunk.rows.tolist() == [2, 5]
    np.testing.assert_allclose(shrunk.values, 1 - 0.01 * rate * server.items[rows], rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_an_item_is_averaged_over_the_clients_that_trained_it(seed: int) -> None:
    federation = simulation()
    received = updates(seed)
    by_item: dict[int, list[np.ndarray]] = {}
    for update in received:
        for row, value in zip(update.rows.tolist(), update.values, strict=True):
            by_item.setdefault(row, []).append(value.astype(np.float64))
    mean = federation.server.average(received)
    assert mean.rows.tolist() == sorted(by_item)
    assert mean.size == N_ITEMS
    assert mean.values.dtype == np.float32
    for row, value in zip(mean.rows.tolist(), mean.values, strict=True):
        np.testing.assert_allclose(value, np.mean(by_item[row], axis=0), rtol=1e-6, atol=1e-7)


def test_rows_that_cancel_out_are_dropped() -> None:
    federation = simulation()
    ones, rows = np.ones((2, DIM), np.float32), np.array([3, 9], np.int32)
    back = -ones
    back[1] = 2
    both = [RowUpdate(rows, ones, N_ITEMS), RowUpdate(rows, back, N_ITEMS)]
    mean = federation.server.average(both)
    assert mean.rows.tolist() == [9]
    assert mean.values.tolist() == [[1.5] * DIM]


def test_nobody_trained_anything() -> None:
    federation = simulation()
    nothing = RowUpdate(np.zeros(0, np.int32), np.zeros((0, DIM), np.float32), N_ITEMS)
    mean = federation.server.average([nothing, nothing])
    assert mean.shape == (N_ITEMS, DIM)
    assert len(mean.rows) == 0


def test_averaging_leaves_the_server_as_it_is() -> None:
    federation = simulation()
    before = federation.server.items.copy()
    federation.server.average(updates(0))
    assert (federation.server.items == before).all()


def upload(round_: int = 0, size: int = N_ITEMS) -> Upload:
    update = RowUpdate(np.array([2], np.int32), np.ones((1, DIM), np.float32), size)
    return Upload(Plain().encode(update, KEY).of_round(round_).to_bytes(), b"")


def test_uploads_are_read_and_counted() -> None:
    server, traffic = simulation().server, Traffic()
    decoded, models = decode(server, np.arange(2), [upload(), upload()], traffic)
    assert [update.rows.tolist() for update in decoded] == [[2], [2]]
    assert models.shape == (2, 0)
    assert traffic.clients == 2
    assert traffic.sent.total() == 2 * len(upload().items)
    assert traffic.vectors_per_client == 4 * DIM


@pytest.mark.parametrize(
    "bad",
    [
        upload(1),
        upload(size=N_ITEMS + 1),
        Upload(upload().items[:-1], b""),
        Upload(b"", b""),
        Upload(Payload("nobody's", "f32", (N_ITEMS, DIM), {}).to_bytes(), b""),
    ],
)
def test_bad_uploads_are_refused(bad: Upload) -> None:
    server = simulation().server
    before = server.items.copy()
    with pytest.raises(PayloadError):
        decode(server, np.arange(2), [upload(), bad], Traffic())
    assert (server.items == before).all()
