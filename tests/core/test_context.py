"""Sums in which the last row weighs most, against their plain twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s
from fedras.core.scoring import fading_sums
from fedras.core.threads import set_threads

N_ITEMS = 11


def twin(rows: Float32s, histories: list[list[int]], decay: float) -> Float32s:
    """One number after another, in float32 like the core."""
    found = np.zeros((len(histories), rows.shape[1]), np.float32)
    for user, own in enumerate(histories):
        for item in own:
            for k in range(rows.shape[1]):
                found[user, k] = np.float32(decay) * found[user, k] + rows[item, k]
    return found


def fading(rows: Float32s, histories: list[list[int]], decay: float) -> Float32s:
    bounds = np.cumsum([0, *map(len, histories)]).astype(np.int64)
    items = np.array([item for own in histories for item in own], np.int32)
    return fading_sums(rows, items, bounds, decay)


@given(
    st.lists(st.lists(st.integers(0, N_ITEMS - 1), max_size=8), max_size=6),
    st.floats(0, 1, width=32),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
)
def test_sums_are_the_twins_bit_for_bit(
    histories: list[list[int]], decay: float, dim: int, seed: int
) -> None:
    rows = np.random.default_rng(seed).normal(size=(N_ITEMS, dim)).astype(np.float32)
    assert fading(rows, histories, decay).tobytes() == twin(rows, histories, decay).tobytes()


@given(
    st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=30),
    st.floats(0, 1, width=32),
)
def test_each_item_weighs_the_decay_to_the_power_of_its_age(
    history: list[int], decay: float
) -> None:
    rows = np.random.default_rng(1).normal(size=(N_ITEMS, 4)).astype(np.float32)
    ages = np.arange(len(history))[::-1]
    expected = (float(decay) ** ages) @ rows[history].astype(np.float64)
    (found,) = fading(rows, [history], decay)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_with_decay_0_the_last_row_is_all_there_is() -> None:
    rows = np.random.default_rng(2).normal(size=(N_ITEMS, 4)).astype(np.float32)
    found = fading(rows, [[3, 1, 7], [], [5]], 0.0)
    assert found.tolist() == [rows[7].tolist(), [0.0] * 4, rows[5].tolist()]


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_do_not_matter(threads: int) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(N_ITEMS, 8)).astype(np.float32)
    histories = [rng.integers(0, N_ITEMS, n % 9).tolist() for n in range(40)]
    set_threads(threads)
    assert fading(rows, histories, 0.8).tobytes() == twin(rows, histories, 0.8).tobytes()
