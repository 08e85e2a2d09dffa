import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Int32s
from fedras.core.training import draw_samples, shuffle

keys = st.integers(0, 2**64 - 1).map(np.uint64)


def draw(
    positives: list[int], negatives: int, key: np.uint64, n_items: int
) -> tuple[Int32s, Int32s, int]:
    """Return the samples as items, the distinct rows and the next counter."""
    samples, rows, used = draw_samples(np.array(positives, np.int32), negatives, key, n_items)
    assert samples.min(initial=0) >= 0
    return rows[samples], rows, used


@st.composite
def histories(draw_: st.DrawFn) -> tuple[list[int], int]:
    dense, sparse = st.integers(1, 40) | st.integers(2000, 3000), st.just(10**6)
    n_items = draw_(dense | sparse)
    return draw_(st.lists(st.integers(0, n_items - 1), max_size=60)), n_items


@given(histories(), st.integers(0, 6), keys)
def test_laws_of_the_samples(
    history: tuple[list[int], int], negatives: int, key: np.uint64
) -> None:
    positives, n_items = history
    items, rows, used = draw(positives, negatives, key, n_items)
    drawn = items[len(positives) :]
    assert items[: len(positives)].tolist() == positives
    left = n_items - len(set(positives))
    assert len(drawn) == (len(positives) * negatives if left else 0)
    assert not set(drawn.tolist()) & set(positives)
    assert rows.tolist() == sorted({*positives, *drawn.tolist()})
    assert used >= len(drawn)


def test_the_counters_that_were_used_are_not_needed_again() -> None:
    """A rejected draw takes a counter, too: else the shuffle would repeat the draws."""
    _, _, without = draw([0], 50, np.uint64(3), 1000)
    _, _, with_rejections = draw(list(range(500)), 50, np.uint64(3), 1000)
    assert without >= 50
    assert with_rejections == pytest.approx(2 * 25_000, rel=0.05)


def test_who_likes_everything_has_no_negatives() -> None:
    items, rows, used = draw([3, 1, 0, 2, 2], 4, np.uint64(1), 4)
    assert items.tolist() == [3, 1, 0, 2, 2]
    assert rows.tolist() == [0, 1, 2, 3]
    assert used == 0


def test_who_likes_nothing_has_no_samples() -> None:
    items, rows, _ = draw([], 4, np.uint64(1), 4)
    assert len(items) == len(rows) == 0


def test_one_item_left() -> None:
    items, _, _ = draw(list(range(99)), 2, np.uint64(9), 100)
    assert set(items[99:].tolist()) == {99}


def test_negatives_are_uniform() -> None:
    liked = list(range(0, 50, 5))
    items, _, _ = draw(liked, 2000, np.uint64(5), 50)
    counts = np.bincount(items[len(liked) :], minlength=50)
    others = np.delete(counts, liked)
    assert others.sum() == 20_000
    expected = 20_000 / 40
    # Chi-squared with 39 degrees of freedom: above 90 about once in 100,000 seeds.
    assert ((others - expected) ** 2 / expected).sum() < 90


def test_another_key_draws_other_negatives() -> None:
    one, _, _ = draw([0, 1], 20, np.uint64(5), 1000)
    other, _, _ = draw([0, 1], 20, np.uint64(6), 1000)
    again, _, _ = draw([0, 1], 20, np.uint64(5), 1000)
    assert one.tolist() == again.tolist() != other.tolist()


@given(st.integers(0, 60), keys, st.integers(0, 1000))
def test_shuffle_permutes(n: int, key: np.uint64, counter: int) -> None:
    order = np.arange(n)
    after = shuffle(order, key, np.uint64(counter))
    assert sorted(order.tolist()) == list(range(n))
    assert int(after) == counter + max(0, n - 1)
    again = np.arange(n)
    shuffle(again, key, np.uint64(counter))
    assert again.tolist() == order.tolist()


def test_shuffle_is_uniform() -> None:
    counts: dict[tuple[int, ...], int] = {}
    for key in range(6000):
        order = np.arange(3)
        shuffle(order, np.uint64(key), np.uint64(0))
        counts[tuple(order.tolist())] = counts.get(tuple(order.tolist()), 0) + 1
    assert len(counts) == 6
    assert min(counts.values()) > 850  # 1000 expected, standard deviation 29
    assert max(counts.values()) < 1150


@pytest.mark.parametrize("item", [5, -1])
def test_an_item_that_is_not_there_is_refused(item: int) -> None:
    with pytest.raises(ValueError, match="an item is outside"):
        draw_samples(np.array([0, item], np.int32), 1, 0, 5)


def test_less_than_no_negatives_are_refused() -> None:
    with pytest.raises(ValueError, match="negatives must be"):
        draw_samples(np.array([0], np.int32), -1, 0, 5)
