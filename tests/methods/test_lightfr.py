"""LightFR: codes of bits down, votes of bits up, and the descent between them."""

from functools import cache

import numpy as np
import pytest

from fedras.arrays import Float32s, Float64s, Int32s, Int64s
from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.core.training import draw_samples, draw_votes, train_lightfr
from fedras.data import Interactions, load
from fedras.errors import PayloadError, UsageError
from fedras.federation.round import run_round
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Broadcast, Upload
from fedras.methods import METHODS
from fedras.models import MODELS

DIM, N_ITEMS = 4, 40

Ints = Int64s


@cache
def people() -> Interactions:
    return load("synthetic", None, {"users": 50, "items": N_ITEMS, "interactions": 500})


def simulation(**given: object) -> Simulation:
    small = {"method": "lightfr", "dim": DIM, "rounds": 4, "client_fraction": 0.2}
    return Simulation(Config.model_validate(small | {"compression_rate": 0.75} | given), people())


def signs(values: Float32s) -> Ints:
    return np.where(values < 0, -1, 1)


def step(sim: Simulation) -> list[Upload]:
    """Run a round; return what was uploaded."""
    seen: list[Upload] = []

    def transport(broadcast: Broadcast, cohort: Int64s) -> list[Upload]:
        sim.silo.receive(broadcast)
        seen.extend(sim.silo.train(cohort))
        return seen

    run_round(sim.server, transport)
    sim.silo.receive(sim.server.broadcast)
    return seen


def parsed(sim: Simulation, data: bytes) -> tuple[Payload, RowUpdate]:
    payload = Payload.from_bytes(data, sim.server.items.shape)
    return payload, decode(payload)


def loss(code: Ints, items: Ints, samples: list[tuple[int, int, int]]) -> int:
    """The sum of weight x (y - b.d / f)^2 over (row, label, weight), times f^2."""
    return sum(w * (y * len(code) - int(code @ items[row])) ** 2 for row, y, w in samples)


def twin(
    vector: Float32s,
    items: Ints,
    liked: list[int],
    negatives: int,
    sweeps: int,
    key: int,
) -> tuple[Ints, dict[int, Float64s]]:
    """Return a client's code, by trying both values of each bit, and each item's step."""
    chosen, own, _ = draw_samples(np.array(liked, np.int32), negatives, key, len(items))
    drawn = own[chosen].tolist()
    share = (len(drawn) - len(liked)) // len(liked) or 1
    samples = [(item, 1, share) for item in drawn[: len(liked)]]
    samples += [(item, -1, 1) for item in drawn[len(liked) :]]
    code = signs(vector)
    for _ in range(sweeps):
        for bit in range(len(code)):
            other = code.copy()
            other[bit] = -code[bit]
            if loss(other, items, samples) < loss(code, items, samples):
                code = other
    return code, {item: (y - code @ items[item] / len(code)) * code for item, y, _ in samples}


def train(
    vectors: Float32s,
    replicas: Float32s,
    histories: list[list[int]],
    negatives: int,
    sweeps: int,
) -> list[tuple[Int32s, Float32s]]:
    """Train the clients, in place; return the rows that each touched, and their steps."""
    n_items, dim = replicas.shape[1:]
    offsets = np.arange(len(histories) + 1) * n_items
    rows, count = np.empty(offsets[-1], np.int32), np.empty(len(histories), np.int64)
    values = np.empty((offsets[-1], dim), np.float32)
    train_lightfr(
        vectors,
        replicas,
        np.arange(len(histories)) % len(replicas),
        np.array([item for own in histories for item in own], np.int32),
        np.cumsum([0, *map(len, histories)]),
        np.arange(5, 5 + len(histories), dtype=np.uint64),
        (negatives, sweeps),
        rows,
        values,
        offsets[:-1],
        count,
    )
    parts = [slice(start, start + n) for start, n in zip(offsets, count, strict=False)]
    return [(rows[part], values[part]) for part in parts]


@pytest.mark.parametrize(("negatives", "sweeps"), [(0, 1), (3, 1), (8, 4)])
@pytest.mark.parametrize("dim", [1, 7, 16])
def test_descent_is_that_of_the_twin(negatives: int, sweeps: int, dim: int) -> None:
    rng = np.random.default_rng(dim)
    histories = [rng.choice(N_ITEMS, rng.integers(1, 9)).tolist() for _ in range(6)]
    vectors = rng.normal(size=(6, dim)).astype(np.float32)
    replicas = rng.normal(size=(2, N_ITEMS, dim)).astype(np.float32)
    before, kept = vectors.copy(), replicas.copy()
    heard = train(vectors, replicas, histories, negatives, sweeps)
    assert (replicas == kept).all()
    for c, (rows, values) in enumerate(heard):
        items = signs(replicas[c % 2])
        code, steps = twin(before[c], items, histories[c], negatives, sweeps, 5 + c)
        assert vectors[c].tolist() == code.tolist()
        assert rows.tolist() == sorted(steps)
        np.testing.assert_allclose(values, [steps[row] for row in rows.tolist()], atol=1e-6)


def test_a_step_is_along_the_code_by_what_is_still_wrong() -> None:
    """One liked item that differs from the code's optimum nowhere; all others are negatives."""
    items = np.ones((1, 3, 4), np.float32)
    items[0, 1] = -1
    items[0, 2, :2] = -1
    vectors = np.ones((1, 4), np.float32)
    ((rows, values),) = train(vectors, items, [[0]], 60, 3)
    assert vectors.tolist() == [[1, 1, 1, 1]]
    assert rows.tolist() == [0, 1, 2]
    assert values.tolist() == [[0] * 4, [0] * 4, [-1] * 4]


def test_a_client_without_items_touches_none_and_keeps_its_code() -> None:
    vectors = np.array([[0.5, -0.25, 0.0]], np.float32)
    ((rows, _),) = train(vectors, np.ones((1, 5, 3), np.float32), [[]], 4, 2)
    assert len(rows) == 0
    assert vectors.tolist() == [[1, -1, 1]]


def test_rows_are_voted_on_in_proportion_to_their_length() -> None:
    steps = np.array([[4, -4], [1, 1], [0, 0], [3, -1]], np.float32)
    drawn = np.mean([draw_votes(steps, np.uint64(key)) for key in range(4000)], axis=0)
    assert drawn[0] == 1
    assert drawn[2] == 0
    np.testing.assert_allclose(drawn[[1, 3]], [0.25, 0.5], atol=0.04)
    assert draw_votes(steps[:0], np.uint64(0)).shape == (0,)


@pytest.mark.parametrize("model", MODELS.names())
def test_a_number_costs_one_bit_each_way(model: str) -> None:
    """Besides the scale of a payload, 4 bytes."""
    sim = simulation(model=model)
    code_bytes = DIM  # 8 d bits at a rate of 0.75
    assert sim.config.dim == 8 * code_bytes
    for _ in range(3):
        uploads = step(sim)
        payload, heard = parsed(sim, sim.server.broadcast.items[0])
        assert set(payload.parts) == {Part.ROWS, Part.VALUES}
        assert payload.parts[Part.ROWS] == b""
        assert len(payload.parts[Part.VALUES]) == 4 + code_bytes * N_ITEMS
        assert set(np.unique(heard.values)) <= {-0.125, 0.125}
        for upload in uploads:
            payload, votes = parsed(sim, upload.items)
            assert len(payload.parts[Part.VALUES]) == 4 + code_bytes * len(votes.rows)
            assert set(np.unique(votes.values)) <= {-1, 1}
            assert len(votes.rows) > 0


@pytest.mark.parametrize("model", MODELS.names())
def test_codes_are_the_signs_of_what_votes_added_up_to(model: str) -> None:
    sim = simulation(model=model)
    for _ in range(3):
        before = sim.server.items.astype(np.float64)
        votes = [parsed(sim, upload.items)[1] for upload in step(sim)]
        for item in range(N_ITEMS):
            cast = [vote.values[vote.rows == item][0] for vote in votes if item in vote.rows]
            expected = before[item] + (np.mean(cast, axis=0) if cast else 0)
            np.testing.assert_allclose(sim.server.items[item], expected, atol=1e-5)
        assert (sim.silo.replicas[0] == signs(sim.server.items) * np.float32(0.125)).all()
        assert (sim.server.streams[0].replica == sim.silo.replicas[0]).all()


def test_only_those_who_train_change_and_only_with_mf_to_codes() -> None:
    for model, coded in (("mf", True), ("ncf", False)):
        sim = simulation(model=model)
        before, cohort = sim.silo.vectors.copy(), sim.server.select()
        step(sim)
        others = np.setdiff1d(np.arange(people().n_users), cohort)
        assert (sim.silo.vectors[others] == before[others]).all()
        assert (np.abs(sim.silo.vectors[cohort]) == 1).all() == coded


def test_it_learns() -> None:
    """In the end training items score above the others; at the start they do not."""
    sim = simulation(client_fraction=1.0, rounds=20)

    def margin() -> float:
        scores = sim.silo.vectors @ sim.silo.replicas[0].T
        scores /= np.abs(scores).max()
        liked = np.zeros(scores.shape, np.bool_)
        for user in range(len(liked)):
            liked[user, sim.split.items[sim.split.indptr[user] : sim.split.indptr[user + 1]]] = True
        return float(scores[liked].mean() - scores[~liked].mean())

    assert abs(margin()) < 0.1
    for _ in range(20):
        step(sim)
    assert margin() > 0.25


@pytest.mark.parametrize("model", MODELS.names())
def test_threads_do_not_change_the_numbers(model: str) -> None:
    uploads = []
    try:
        for count in (1, 2):
            sim = simulation(model=model, threads=count)
            uploads.append([step(sim) for _ in range(2)])
    finally:
        set_threads(None)
    assert uploads[0] == uploads[1]


@pytest.mark.parametrize(
    ("dim", "rate", "bits"),
    [(32, 0.9688, 32), (32, 0.9375, 64), (32, 0.9063, 96), (32, 0.0, 1024), (1, 0.75, 8)],
)
def test_a_row_has_the_bits_that_the_rate_leaves(dim: int, rate: float, bits: int) -> None:
    config = Config(method="lightfr", dim=dim, compression_rate=rate)
    assert METHODS.get("lightfr")().configure(config).dim == bits


@pytest.mark.parametrize(
    ("rate", "nearest"), [(0.96, "0.9531 and 0.9609"), (0.999, "0.9844 and 0.9922")]
)
def test_a_rate_between_whole_bytes_is_refused_with_both(rate: float, nearest: str) -> None:
    with pytest.raises(UsageError) as raised:
        simulation(dim=32, compression_rate=rate)
    assert str(raised.value) == (
        f"lightfr cannot express compression rate {rate}; the nearest are {nearest}"
    )


def test_a_training_that_diverged_does_not_vote() -> None:
    sim = simulation(model="ncf", learning_rate=1e30)
    with pytest.raises(PayloadError, match="diverged"):
        step(sim)
