"""Every registered method in a small federation, and what each of the paper's promises."""

from functools import cache

import numpy as np
import pytest

from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.codecs.fixed_basis import basis
from fedras.config import Config
from fedras.data import Interactions, load
from fedras.errors import UsageError
from fedras.federation.round import RoundResult, run_round
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.numbers import NUMBERS
from fedras.rng import Purpose, key
from fedras.run.training import open_run

RATES = (0.0, 0.5, 0.75, 0.9375)
DIM = 16
ONE_RATE = {"base", "directions", "lightfr", "rcr", "rsc"}
ABSOLUTE = {name for name in METHODS.names() if METHODS.get(name).absolute}


@cache
def people() -> Interactions:
    return load("synthetic", None, {"users": 60, "items": 90, "interactions": 900})


def config(**given: object) -> Config:
    small = {"dim": DIM, "rounds": 3, "client_fraction": 0.2, "compression_rate": 0.75}
    return Config.model_validate(small | given)


def simulation(**given: object) -> Simulation:
    return Simulation(config(**given), people())


def expressible(method: str) -> list[float]:
    rates = []
    for rate in RATES:
        try:
            simulation(method=method, compression_rate=rate)
        except UsageError as error:
            assert "cannot express" in str(error)  # noqa: PT017
        else:
            rates.append(rate)
    return rates


def counted(sim: Simulation) -> tuple[RoundResult, int, int]:
    """Run a round; return also the bytes that really went up and down."""
    seen: list[Upload] = []

    def transport(broadcast: Broadcast, cohort: np.ndarray) -> list[Upload]:
        sim.silo.receive(broadcast)
        seen.extend(sim.silo.train(cohort))
        return seen

    result = run_round(sim.server, transport)
    sim.silo.receive(sim.server.broadcast)
    up = sum(len(upload.items) + len(upload.scoring) for upload in seen)
    sent = sim.server.broadcast
    down = len(sent.scoring) * people().n_users
    for stream, data in zip(sim.server.streams, sent.items, strict=True):
        down += stream.listeners * len(data)
    return result, up, down


@pytest.mark.parametrize("method", METHODS.names())
def test_trains_at_every_rate_it_can_express_and_counts_every_byte(method: str) -> None:
    rates = expressible(method)
    assert len(rates) >= 2
    for rate in rates:
        sim = simulation(method=method, compression_rate=rate)
        for _ in range(sim.config.rounds):
            result, up, down = counted(sim)
            assert sum(result.uplink.sent.values()) == up
            assert sum(result.downlink.sent.values()) == down
            assert np.isfinite([result.actions, result.cosine]).all()
        for replica, stream in zip(sim.silo.replicas, sim.server.streams, strict=True):
            assert (replica == stream.replica).all()
            assert np.isfinite(replica).all()


@pytest.mark.parametrize("model", MODELS.names())
@pytest.mark.parametrize("method", METHODS.names())
def test_a_whole_run_has_finite_metrics(method: str, model: str) -> None:
    run = open_run(config(method=method, model=model), interactions=people())
    found = [result.metrics for result in run.rounds() if result.metrics]
    assert found
    for metrics in (*found, run.federation.evaluate().sampled):
        assert np.isfinite(list(metrics.values())).all()
    assert run.finished


@pytest.mark.parametrize("method", METHODS.names())
def test_every_client_may_have_a_rate_of_its_own_where_that_has_a_meaning(method: str) -> None:
    options = {"method": method, "rate_range": (0.75, 0.9375), "rate_levels": 4}
    if method in ONE_RATE:
        with pytest.raises(UsageError, match=f"{method} has one compression_rate"):
            simulation(**options)
        return
    sim = simulation(**options)
    assert len(sim.server.streams) == 4
    for _ in range(2):
        _, up, down = counted(sim)
        assert min(up, down) > 0


@pytest.mark.parametrize("method", METHODS.names())
def test_with_error_feedback_a_round_without_news_says_what_is_owed(method: str) -> None:
    options = {"method": method, "error_feedback": True, "uplink_error_feedback": True}
    if method in ABSOLUTE:
        with pytest.raises(UsageError, match="error feedback"):
            simulation(**options)
        return
    sim = simulation(**options)
    for _ in range(sim.config.rounds):
        sim.step()
    server, before = sim.server, sim.silo.replicas[0].copy()
    nothing = RowUpdate(np.zeros(0, np.int32), np.zeros((0, sim.config.dim), np.float32), 90)
    ((wanted, said),) = server.publish(nothing, np.zeros_like(server.scoring), Traffic())
    sim.silo.receive(server.broadcast)
    owed, now = before.copy(), before.copy()
    wanted.add_to(owed)
    said.add_to(now)
    np.testing.assert_allclose(owed, server.items, atol=1e-6)
    assert (now == sim.silo.replicas[0]).all()


@pytest.mark.parametrize("numbers", NUMBERS.names())
@pytest.mark.parametrize("method", ["fedras", "topk", "svd", "colr", "fedras-e"])
def test_any_method_takes_any_number_format(method: str, numbers: str) -> None:
    sim = simulation(method=method, numbers=numbers)
    sim.step()
    sim.step()
    data = sim.server.broadcast.items[0]
    assert Payload.from_bytes(data, sim.server.items.shape).numbers == numbers
    assert np.isfinite(sim.silo.replicas).all()


@pytest.mark.parametrize("method", ["base", "topk", "svd", "powersgd", "colr", "jointrec"])
def test_a_rate_between_two_is_refused_with_both(method: str) -> None:
    with pytest.raises(UsageError) as raised:
        simulation(method=method, compression_rate=0.88)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    below, above = {"jointrec": ("0.8750", "0.8906")}.get(method, ("0.8750", "0.9375"))
    assert message == (
        f"{method} cannot express compression rate 0.88; the nearest are {below} and {above}"
    )


def test_a_rate_given_to_four_digits_is_understood() -> None:
    sim = simulation(method="topk", dim=32, compression_rate=0.9688)
    assert sim.server.streams[0].budget == 1


@pytest.mark.parametrize("method", ["topk", "svd", "colr", "jointrec", "rcr"])
def test_an_option_of_another_method_is_unknown(method: str) -> None:
    with pytest.raises(
        UsageError, match="option actions does nothing here: it is of method fedras"
    ):
        simulation(method=method, actions=4)


@pytest.mark.parametrize(
    ("method", "rate", "numbers_sent"),
    [("topk", 0.75, 4), ("svd", 0.75, 4), ("colr", 0.75, 4), ("jointrec", 0.9375, 4)],
)
def test_the_vectors_cost_what_the_rate_says(method: str, rate: float, numbers_sent: int) -> None:
    """Of each of the 90 rows, so many numbers; of a low rank, also so many vectors of 16."""
    sim = simulation(method=method, compression_rate=rate, numbers="f32", client_fraction=1.0)
    sim.step()
    payload = Payload.from_bytes(sim.server.broadcast.items[0], sim.server.items.shape)
    n = len(decode(payload).rows)
    shared = {"svd": DIM, "jointrec": DIM}.get(method, 0)
    size = len(payload.parts[Part.VALUES])
    if shared:
        size += len(payload.parts[Part.ACTIONS])
    assert size == 4 * numbers_sent * (n + shared)


@pytest.mark.parametrize("model", MODELS.names())
def test_colr_moves_items_within_the_span_only_and_loses_nothing(model: str) -> None:
    sim = simulation(method="colr", model=model, compression_rate=0.75, rounds=4)
    for round_ in range(4):
        before = sim.server.items.astype(np.float64)
        sim.step()
        moved = sim.server.items - before
        shared = key(sim.config.seed, Purpose.SHARED, round_)
        directions = basis(int(shared), 4, DIM).astype(np.float64)
        np.testing.assert_allclose(moved @ directions.T @ directions, moved, atol=1e-6)
        assert np.linalg.matrix_rank(moved, tol=1e-5) == 4
        np.testing.assert_allclose(sim.silo.replicas[0], sim.server.items, atol=1e-5)


def test_colr_trains_within_the_span_what_others_train_freely() -> None:
    free = simulation(method="colr", compression_rate=0.0)
    base = simulation(method="base", compression_rate=0.0)
    free.step()
    base.step()
    np.testing.assert_allclose(free.server.items, base.server.items, atol=1e-5)


def test_smaller_budgets_of_colr_use_the_first_directions() -> None:
    method = METHODS.get("colr")()
    span = method.span(np.array([2, 5]), 8, np.uint64(3))
    assert span.shape == (2, 5, 8)
    assert not span[0, 2:].any()
    np.testing.assert_allclose(span[0, :2], span[1, :2], atol=1e-6)


def test_fedras_t_divides_by_the_whole_cohort() -> None:
    total, count = np.array([[6.0, -3.0], [4.0, 0.0]]), np.array([3, 1])
    mean = METHODS.get("fedras-t")().average(total, count, 4)
    assert mean.tolist() == [[1.5, -0.75], [1.0, 0.0]]
    assert METHODS.get("fedras")().average(total, count, 4).tolist() == [[2.0, -1.0], [4.0, 0.0]]


def test_fedras_e_replaces_the_matrix_by_centroids() -> None:
    sim = simulation(method="fedras-e", compression_rate=0.9)
    for _ in range(2):
        sim.step()
        payload = Payload.from_bytes(sim.server.broadcast.items[0], sim.server.items.shape)
        heard = decode(payload)
        assert heard.rows.tolist() == list(range(90))
        assert (sim.silo.replicas[0] == heard.values).all()
        assert len(np.unique(sim.silo.replicas[0], axis=0)) <= 9
        for replica_row in np.unique(heard.values, axis=0):
            mine = (heard.values == replica_row).all(axis=1)
            mean = sim.server.items[mine].mean(axis=0)
            np.testing.assert_allclose(mean, replica_row, atol=1e-5)


def test_fedras_f_has_the_same_number_of_groups_in_every_round() -> None:
    sim = simulation(method="fedras-f", actions=7, client_fraction=1.0)
    assert [sim.step().actions for _ in range(3)] == [7, 7, 7]


def test_rcr_has_fewer_rounds_and_the_whole_schedule() -> None:
    sim = simulation(method="rcr", compression_rate=0.75, rounds=40)
    assert sim.config.rounds == 10
    assert sim.given.rounds == 40
    assert sim.model.rate_at(9, sim.config.rounds) == pytest.approx(
        sim.model.learning_rate * sim.model.final_learning_rate
    )
    assert simulation(method="rcr", compression_rate=0.99).config.rounds == 1
    run = open_run(config(method="rcr", compression_rate=0.75, rounds=8), interactions=people())
    assert [result.round for result in run.rounds()] == [1, 2]


def test_rsc_has_fewer_clients_and_at_least_one() -> None:
    sim = simulation(method="rsc", compression_rate=0.75, client_fraction=0.2)
    assert len(sim.server.select()) == 3
    assert len(simulation(method="rsc", compression_rate=0.99).server.select()) == 1


def test_jointrec_may_compress_the_uplink_only() -> None:
    both, up = (
        simulation(method="jointrec", compression_rate=0.9375, uplink_only=flag)
        for flag in (False, True)
    )
    both.step()
    up.step()
    shape = up.server.items.shape
    sent = Payload.from_bytes(up.server.broadcast.items[0], shape)
    assert (sent.codec, sent.numbers) == ("plain", "f32")
    assert Payload.from_bytes(both.server.broadcast.items[0], shape).codec == "lowrank"
    assert (up.server.items == both.server.items).all()
    assert METHODS.get("jointrec")().budget(0.5, 90, DIM) == DIM
