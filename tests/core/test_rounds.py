"""The server's update in one call of the core, against the codec and the method in parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.codecs import RowUpdate
from fedras.codecs.actions import Actions
from fedras.codecs.codec import decode
from fedras.codecs.heard import hear
from fedras.codecs.lowrank import LowRank
from fedras.core import rounds
from fedras.errors import PayloadError
from fedras.federation import compiled
from fedras.methods.fedras import FedRAS

SIZE, DIM, ROUND, KEY = 60, 5, 3, np.uint64(7)


def some(n: int, seed: int, size: int = SIZE, dim: int = DIM) -> RowUpdate:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(size)[:n]).astype(np.int32)
    return RowUpdate(rows, rng.normal(size=(n, dim)).astype(np.float32), size)


@given(
    st.integers(1, SIZE),
    st.integers(1, 20),
    st.sampled_from(rounds.FORMATS),
    st.sampled_from([{}, {"sum": 1.0, "records": 2.0}, {"sum": 5.4, "records": 6.0}]),
    st.integers(0, 2**32),
)
def test_publishing_has_the_bytes_of_the_method(
    n: int, budget: int, numbers: str, memory: dict[str, float], seed: int
) -> None:
    method, update = FedRAS(numbers=numbers, alpha=0.5), some(n, seed)
    payload, wanted = method.compress(update, budget, memory, KEY, KEY)
    found = compiled.compress(method, update, budget, memory, KEY, ROUND)
    if n <= budget:
        assert found is None
    else:
        assert found == (payload.of_round(ROUND).to_bytes(), wanted)


@given(st.integers(0, SIZE), st.sampled_from(rounds.FORMATS), st.integers(0, 2**32))
def test_what_is_heard_is_what_the_codec_decodes(n: int, numbers: str, seed: int) -> None:
    payload = Actions(8, numbers=numbers).encode(some(n, seed), KEY).of_round(ROUND)
    data, wanted = payload.to_bytes(), decode(payload)
    assert rounds.hear(data, SIZE, DIM, ROUND) is not None
    update, sizes = hear(data, np.zeros((SIZE, DIM), np.float32), ROUND)
    assert update.rows.tobytes() == wanted.rows.tobytes()
    assert update.vectors.tobytes() == wanted.vectors.tobytes()
    assert (update.index is None) == (wanted.index is None)
    assert update.chosen.tobytes() == wanted.chosen.tobytes()
    assert update.size == SIZE
    assert sizes == {part: len(own) for part, own in payload.parts.items()}


def test_what_the_core_does_not_know_is_heard_all_the_same() -> None:
    payload = LowRank(2).encode(some(9, 0), KEY).of_round(ROUND)
    data = payload.to_bytes()
    assert rounds.hear(data, SIZE, DIM, ROUND) is None
    heard = hear(data, np.zeros((SIZE, DIM), np.float32), ROUND)
    assert heard.update.values.tobytes() == decode(payload).values.tobytes()
    assert heard.sizes == {part: len(own) for part, own in payload.parts.items()}


@pytest.mark.parametrize(("shape", "round_"), [((SIZE, DIM), 4), ((SIZE + 1, DIM), ROUND)])
def test_what_is_of_another_round_or_matrix_is_refused(shape: tuple[int, int], round_: int) -> None:
    data = Actions(8).encode(some(20, 1), KEY).of_round(ROUND).to_bytes()
    assert rounds.hear(data, *shape, round_) is None
    with pytest.raises(PayloadError):
        hear(data, np.zeros(shape, np.float32), round_)
    with pytest.raises(PayloadError):
        hear(data[:-1], np.zeros((SIZE, DIM), np.float32), ROUND)


def test_groups_and_rows_must_be_possible() -> None:
    update, rest = some(20, 2), (SIZE, ROUND, 0)
    given_ = update.rows, update.values
    for groups in ((0, 8, 8), (4, 8, 3), (4, 9, 8)):
        with pytest.raises(ValueError, match="groups"):
            rounds.publish(*given_, *groups, np.nan, 10, "f32", *rest)
    with pytest.raises(ValueError, match="outside"):
        rounds.publish(*given_, 4, 8, 8, np.nan, 10, "f32", 2, ROUND, 0)
    with pytest.raises(ValueError, match="increase"):
        rounds.publish(update.rows[::-1].copy(), given_[1], 4, 8, 8, np.nan, 10, "f32", *rest)
    with pytest.raises(ValueError, match="match"):
        rounds.publish(update.rows[1:], given_[1], 4, 8, 8, np.nan, 10, "f32", *rest)
    with pytest.raises(ValueError, match="no such number format"):
        rounds.publish(*given_, 4, 8, 8, np.nan, 10, "f31", *rest)
    update.values[3] = np.nan
    assert rounds.publish(*given_, 4, 8, 8, np.nan, 10, "f32", *rest) is None
