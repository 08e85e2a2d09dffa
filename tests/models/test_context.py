"""What users' latest items add to scores."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s
from fedras.config import LARGEST
from fedras.models.context import CHOICES, OFF, Context, Directions

N_ITEMS, DIM = 30, 5


def rows(seed: int = 0, scale: float = 1.0) -> Float32s:
    return np.random.default_rng(seed).normal(1, scale, size=(N_ITEMS, DIM)).astype(np.float32)


def of(directions: Directions, *histories: list[int], decay: float = 0.5) -> Float32s:
    bounds = np.cumsum([0, *map(len, histories)]).astype(np.int64)
    items = np.array([item for own in histories for item in own], np.int32)
    return directions.of(bounds, items, decay)


def test_what_is_chosen_from_begins_with_nothing_and_has_no_other_without_weight() -> None:
    assert CHOICES[0] == OFF == Context(1.0, 0.0)
    assert [choice for choice in CHOICES if not choice.weight] == [OFF]
    assert len(set(CHOICES)) == len(CHOICES)
    assert all(Context.read(choice) == choice for choice in CHOICES)


@given(
    st.lists(st.integers(0, N_ITEMS - 1), max_size=12),
    st.floats(0, 1, width=32),
    st.integers(0, 1000),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_cosines_are_cosines(history: list[int], decay: float, seed: int, scale: float) -> None:
    items = rows(seed, scale)
    directions = Directions(items)
    found = directions.cosines(of(directions, history, decay=decay), None)
    assert found.shape == (1, N_ITEMS)
    assert (np.abs(found) <= 1 + 1e-5).all()
    some = np.array([[3, 0, 29]], np.int32)
    few = directions.cosines(of(directions, history, decay=decay), some)
    np.testing.assert_allclose(few, found[:, some[0]], atol=1e-6)
    if not history:
        assert not found.any()


def test_cosines_are_those_of_the_formula() -> None:
    items, history, decay = rows(), [4, 17, 4, 9], 0.8
    centred = items.astype(np.float64) - items.mean(axis=0, dtype=np.float64)
    h = sum(decay ** (len(history) - 1 - i) * centred[item] for i, item in enumerate(history))
    expected = centred @ h / np.linalg.norm(centred, axis=1) / np.linalg.norm(h)
    directions = Directions(items)
    (found,) = directions.cosines(of(directions, history, decay=decay), None)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_alone_the_last_item_is_most_like_itself() -> None:
    directions = Directions(rows())
    found = directions.cosines(of(directions, [2, 11], [11, 2], decay=0.0), None)
    assert found.argmax(axis=1).tolist() == [11, 2]
    np.testing.assert_allclose(found.max(axis=1), 1, atol=1e-6)


@given(st.permutations(range(8)), st.integers(0, 100))
def test_order_matters_only_where_items_fade(order: list[int], seed: int) -> None:
    directions = Directions(rows(seed))
    plain = list(range(8))
    alike = of(directions, plain, order, decay=1.0)
    np.testing.assert_allclose(alike[0], alike[1], atol=1e-5)
    fading = of(directions, plain, order, decay=0.5)
    assert np.allclose(fading[0], fading[1], atol=1e-5) == (order == plain)


def test_items_that_are_all_alike_point_nowhere() -> None:
    directions = Directions(np.ones((N_ITEMS, DIM), np.float32))
    assert not directions.cosines(of(directions, [1, 2, 3]), None).any()


@pytest.mark.parametrize(
    "given",
    [
        *((decay, 1) for decay in (-0.1, 1.1, float("nan"), "much")),
        *((0.5, 1, own) for own in (-0.1, 1.1, float("nan"))),
        *((0.5, weight) for weight in (-1, 2 * LARGEST, float("nan"), float("inf"))),
    ],
)
def test_what_is_no_context_is_refused(given: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"no context|could not convert"):
        Context.read(given)


@pytest.mark.parametrize("given", [(), (0.5,), (0.5, 1, 1, 1), (None, 1), 3])
def test_what_has_not_two_numbers_is_no_context(given: Any) -> None:
    with pytest.raises(TypeError):
        Context.read(given)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_context_comes_back_from_json(choice: Context) -> None:
    assert Context.read(json.loads(json.dumps(choice))) == choice
