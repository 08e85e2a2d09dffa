"""The scoring model on the wire: its bytes, and that server and clients agree on it."""

from itertools import pairwise

import numpy as np
import pytest
from helpers.small_federation import DIM, N_ITEMS, simulation
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fedras.arrays import Float32s
from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError
from fedras.federation import scoring
from fedras.federation.reading import decode
from fedras.federation.round import run_round
from fedras.federation.wire import Broadcast, Traffic
from fedras.numbers import NUMBERS
from fedras.rng import Purpose, key

KEY = np.uint64(5)

changes = arrays(np.float32, st.integers(1, 200), elements=st.floats(-4, 4, width=32))


def change(size: int = 200, seed: int = 0) -> Float32s:
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


@given(changes, st.integers(0, 10**6))
def test_f32_loses_nothing(values: Float32s, round_: int) -> None:
    back = scoring.read(scoring.write(values, "f32", round_, KEY), len(values), round_)
    assert back.dtype == np.float32
    assert back.tobytes() == values.tobytes()


@given(changes, st.sampled_from(NUMBERS.names()))
def test_each_row_of_64_is_coded_with_its_own_scale(values: Float32s, numbers: str) -> None:
    """The rows are counted from the end: only the first may have to be filled up."""
    size = len(values)
    back = scoring.read(scoring.write(values, numbers, 1, KEY), size, 1)
    filled = np.concatenate([np.zeros(-size % 64, np.float32), values]).reshape(-1, 64)
    expected = NUMBERS.get(numbers).decode(NUMBERS.get(numbers).encode(filled, KEY), 64)
    assert back.tolist() == expected.ravel()[-size:].tolist()
    assert len(back) == size


def test_random_rounding_is_the_keys() -> None:
    one, same, other = (scoring.write(change(), "q4", 1, np.uint64(k)) for k in (1, 1, 2))
    assert one == same != other


def nan() -> bytes:
    values = np.full((4, 64), np.nan, "<f4").tobytes()
    return Payload("plain", "f32", (4, 64), {Part.ROWS: b"", Part.VALUES: values}, 4).to_bytes()


def row() -> bytes:
    """Return only one of the four rows."""
    update = RowUpdate(np.array([1], np.int32), change(64)[None], 4)
    return Plain().encode(update, KEY).of_round(4).to_bytes()


GOOD = scoring.write(change(), "f32", 4, KEY)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        GOOD[:-1],
        GOOD[:30] + bytes([GOOD[30] ^ 1]) + GOOD[31:],
        scoring.write(change(), "f32", 5, KEY),
        scoring.write(change(257), "f32", 4, KEY),
        scoring.write(change(192), "f32", 4, KEY),
        nan(),
        row(),
    ],
    ids=["none", "short", "damaged", "round", "longer", "shorter", "nan", "row"],
)
def test_what_is_not_a_scoring_model_of_the_round_is_refused(bad: bytes) -> None:
    assert len(scoring.read(GOOD, 200, 4)) == 200
    with pytest.raises(PayloadError):
        scoring.read(bad, 200, 4)


def test_what_diverged_is_not_written() -> None:
    with pytest.raises(PayloadError, match="training diverged"):
        scoring.write(np.array([np.nan], np.float32), "f32", 0, KEY)


def test_no_parameters_take_no_bytes() -> None:
    assert scoring.write(change(0), "f32", 4, KEY) == b""
    assert scoring.read(b"", 0, 4).shape == (0,)


@pytest.mark.parametrize("numbers", NUMBERS.names())
def test_server_and_clients_hold_the_same_scoring_model(numbers: str) -> None:
    federation = simulation(model="ncf", scoring_numbers=numbers)
    server, silo = federation.server, federation.silo
    start = server.scoring.copy()
    assert silo.scoring.tobytes() == start.tobytes()
    for done in range(1, 5):
        federation.step()
        assert silo.scoring.tobytes() == server.scoring.tobytes()
        heard = scoring.read(server.broadcast.scoring, len(start), done)
        start = start + heard
        assert start.tobytes() == server.scoring.tobytes()
        if numbers == "f32":
            assert not server.scoring_lost.any()
    assert server.scoring_lost.any() == (numbers != "f32")
    sizes = {int(size) for size in np.diff(server.scoring_log)}
    assert sizes == {len(server.broadcast.scoring)}


@pytest.mark.parametrize("numbers", NUMBERS.names())
def test_what_coding_lost_is_sent_later(numbers: str) -> None:
    """What clients hold and what they lack add up to all changes; what they lack stays bounded."""
    federation = simulation(model="ncf", scoring_numbers=numbers)
    server = federation.server
    start = total = server.scoring.astype(np.float64)
    nothing = RowUpdate(np.zeros(0, np.int32), np.zeros((0, DIM), np.float32), N_ITEMS)
    step, lost = change(len(start)) * np.float32(0.01), []
    for _ in range(60):
        total = total + step
        server.publish(nothing, step, Traffic())
        np.testing.assert_allclose(server.scoring + server.scoring_lost, total, atol=2e-5)
        lost.append(float(np.linalg.norm(server.scoring_lost)))
    # Without feedback a biased format would lose the same in each round: 60 times what it lost in
    # the first, so that much that was to be said would never be.
    assert max(lost[30:]) <= 1.5 * max(lost[:30])
    assert np.linalg.norm(server.scoring - total) < 0.2 * np.linalg.norm(total - start)


@pytest.mark.parametrize("numbers", ["f16", "q8", "q4", "drive"])
def test_the_server_hears_about_what_clients_learnt(numbers: str) -> None:
    """Clients send what they would in float32, but for the rounding of the format."""
    heard = {}
    for name in ("f32", numbers):
        federation = simulation(model="ncf", scoring_numbers=name, client_fraction=1.0)
        cohort = federation.server.select()
        uploads = federation.silo.train(cohort)
        _, heard[name] = decode(federation.server, cohort, uploads, Traffic())
    exact, coded = heard["f32"].mean(axis=0), heard[numbers].mean(axis=0)
    assert exact.any()
    assert 0 < np.linalg.norm(coded - exact) < 0.5 * np.linalg.norm(exact)


def test_each_client_and_the_server_draw_from_keys_of_their_own() -> None:
    exact, coded = (simulation(model="ncf", scoring_numbers=name) for name in ("f32", "q4"))
    size = len(exact.server.scoring)
    cohort = exact.server.select()
    plain, uploads = exact.silo.train(cohort), coded.silo.train(cohort)
    for client, one, other in zip(cohort, plain, uploads, strict=True):
        learnt = scoring.read(one.scoring, size, 0)
        draw = key(0, Purpose.SCORING_UPLINK, 0, int(coded.silo.clients[client]))
        assert other.scoring == scoring.write(learnt, "q4", 0, draw)
    _, heard = decode(coded.server, cohort, uploads, Traffic())
    mean = heard.mean(axis=0, dtype=np.float64).astype(np.float32)
    run_round(coded.server, lambda *_: uploads)
    draw = key(0, Purpose.SCORING_DOWNLINK, 1)
    assert coded.server.broadcast.scoring == scoring.write(mean, "q4", 1, draw)


def test_a_scoring_model_that_is_missing_is_noticed() -> None:
    """An update of the items alone would leave the clients' network behind for good."""
    federation = simulation(model="ncf")
    items = Plain().encode(
        RowUpdate(np.array([3], np.int32), np.ones((1, DIM), np.float32), N_ITEMS), KEY
    )
    silo = federation.silo
    before = silo.replicas.copy(), silo.scoring.copy()
    with pytest.raises(PayloadError):
        silo.receive(Broadcast(1, (items.of_round(1).to_bytes(),), b""))
    assert silo.version == 0
    assert (silo.replicas == before[0]).all()
    assert (silo.scoring == before[1]).all()


def test_fewer_bits_are_fewer_bytes() -> None:
    sizes = [
        len(scoring.write(change(6785), name, 1, KEY))
        for name in ("f32", "f16", "q8", "q4", "sign", "drive")
    ]
    assert all(b < 0.8 * a for a, b in pairwise(sizes))
