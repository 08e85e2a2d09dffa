import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.core.threads import set_threads, threads
from fedras.data import Interactions, from_columns, load, sample_negatives
from fedras.errors import UsageError


def make(histories: dict[str, list[int]], n_items: int) -> Interactions:
    sizes = [len(h) for h in histories.values()]
    return Interactions(
        "t",
        np.array(list(histories), dtype=np.str_),
        np.arange(n_items).astype(np.str_),
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        np.array([i for h in histories.values() for i in h], np.int32),
    )


@settings(deadline=None)
@given(
    st.integers(1, 60).flatmap(
        lambda n: st.tuples(
            st.just(n), st.lists(st.lists(st.integers(0, n - 1)), min_size=1, max_size=5)
        )
    ),
    st.integers(0, 40),
    st.integers(0, 2**63 - 1),
)
def test_negatives_are_distinct_and_untouched(
    case: tuple[int, list[list[int]]], count: int, seed: int
) -> None:
    n_items, rows = case
    data = make({f"u{i}": row for i, row in enumerate(rows)}, n_items)
    negatives = sample_negatives(data, count, seed)
    assert negatives.shape == (len(rows), count)
    for row, drawn in zip(rows, negatives.tolist(), strict=True):
        untouched = set(range(n_items)) - set(row)
        real = [item for item in drawn if item >= 0]
        assert len(set(real)) == len(real) == min(count, len(untouched))
        assert set(real) <= untouched
        assert drawn == real + [-1] * (count - len(real))


def test_a_user_keeps_its_negatives_among_other_users_and_on_other_threads() -> None:
    data = load("synthetic", options={"users": 200, "items": 300, "interactions": 8000})
    histories = {
        user: data.items[data.indptr[i] : data.indptr[i + 1]].tolist()
        for i, user in enumerate(data.user_ids.tolist())
    }
    everyone = dict(zip(histories, sample_negatives(data, 50).tolist(), strict=True))
    some = list(reversed(list(histories)))[::3]
    before = threads()
    try:
        set_threads(1)
        # Nor does it matter in which order a user's items come.
        subset = make({user: sorted(histories[user]) for user in some}, data.n_items)
        assert sample_negatives(subset, 50).tolist() == [everyone[user] for user in some]
    finally:
        set_threads(before)


def test_another_seed_or_id_gives_other_negatives() -> None:
    data = make({"a": [0], "b": [0]}, 1000)
    first, again = sample_negatives(data, seed=1), sample_negatives(data, seed=1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, sample_negatives(data, seed=2))
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("n_items", [12, 60])
def test_every_untouched_item_is_equally_likely_at_every_place(n_items: int) -> None:
    # 12 items: drawn from the list of what is left; 60: drawn by rejection.
    users, count = 6000, 4
    data = make({str(u): [1, 5] for u in range(users)}, n_items)
    negatives = sample_negatives(data, count)
    expected = users / (n_items - 2)
    for place in range(count):
        seen = np.bincount(negatives[:, place], minlength=n_items)
        assert seen[[1, 5]].tolist() == [0, 0]
        others = np.delete(seen, [1, 5])
        chi2 = ((others - expected) ** 2 / expected).sum()
        assert chi2 < len(others) + 4 * np.sqrt(2 * len(others))


def test_repeated_rows_count_once() -> None:
    data = from_columns("t", [1] * 6, [1, 1, 1, 1, 2, 3], keep_repeats=True)
    assert sample_negatives(data, 3).tolist() == [[-1, -1, -1]]


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 0, not -1 and 0"):
        sample_negatives(make({"a": [0]}, 3), count=-1)
