from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.data import Interactions, client_keys, from_columns, leave_one_out
from fedras.errors import UsageError

Rows = list[tuple[int, int, int]]
tables = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(0, 4)), min_size=1)


def build(rows: Rows, *, keep_repeats: bool = False, min_interactions: int = 1) -> Interactions:
    users, items, times = (np.array(column) for column in zip(*rows, strict=True))
    return from_columns(
        "t", users, items, times, keep_repeats=keep_repeats, min_interactions=min_interactions
    )


def histories(rows: Rows, keep_repeats: bool) -> dict[str, list[str]]:
    """Each user's items in order, by the plainest means."""
    result: dict[str, list[str]] = defaultdict(list)
    for user, item, _ in sorted(rows, key=lambda row: row[2]):
        if keep_repeats or str(item) not in result[str(user)]:
            result[str(user)].append(str(item))
    return dict(result)


def as_dict(data: Interactions) -> dict[str, list[str]]:
    items = data.item_ids[data.items].tolist()
    bounds = zip(data.indptr[:-1], data.indptr[1:], strict=True)
    return {str(u): items[a:b] for u, (a, b) in zip(data.user_ids, bounds, strict=True)}


@given(tables, st.booleans())
def test_rows_are_grouped_and_ordered_stably(rows: Rows, keep_repeats: bool) -> None:
    data = build(rows, keep_repeats=keep_repeats)
    assert as_dict(data) == histories(rows, keep_repeats)
    assert data.items.dtype == np.int32
    assert data.indptr.dtype == np.int64


@given(tables, st.integers(1, 5))
def test_users_with_few_interactions_and_their_items_go(rows: Rows, least: int) -> None:
    data = build(rows, min_interactions=least)
    kept = {u: h for u, h in histories(rows, False).items() if len(h) >= least}
    assert as_dict(data) == kept
    assert set(data.item_ids) == {item for history in kept.values() for item in history}


@given(tables)
def test_the_last_interaction_is_held_out_for_testing(rows: Rows) -> None:
    data = build(rows)
    split = leave_one_out(data)
    for user, history in enumerate(as_dict(data).values()):
        training = data.item_ids[split.items[split.indptr[user] : split.indptr[user + 1]]].tolist()
        if len(history) == 1:
            assert split.held_out[user] == -1
            assert training == history
        else:
            assert [*training, data.item_ids[split.held_out[user]]] == history


@given(tables)
def test_tuning_never_sees_the_test_item(rows: Rows) -> None:
    data = build(rows)
    test, tuning = leave_one_out(data), leave_one_out(data, validation=True)
    for user, history in enumerate(as_dict(data).values()):
        training = tuning.items[tuning.indptr[user] : tuning.indptr[user + 1]]
        if test.held_out[user] >= 0:
            assert test.held_out[user] not in training
            assert test.held_out[user] != tuning.held_out[user]
        if len(history) >= 3:
            shown = data.item_ids[[*training, tuning.held_out[user]]].tolist()
            assert shown == history[:-1]
        else:
            assert tuning.held_out[user] == -1
            assert data.item_ids[training].tolist() == history[:1]


def test_of_rows_at_the_same_time_the_last_in_the_file_is_held_out() -> None:
    data = build([(1, 10, 5), (1, 11, 7), (1, 12, 7), (1, 13, 6)])
    split = leave_one_out(data)
    assert data.item_ids[split.held_out].tolist() == ["12"]
    assert data.item_ids[split.items].tolist() == ["10", "13", "11"]


def test_without_times_the_rows_are_in_order() -> None:
    data = from_columns("t", ["b", "a", "b"], ["x", "y", "z"])
    assert as_dict(data) == {"a": ["y"], "b": ["x", "z"]}


@pytest.mark.parametrize(
    ("ids", "order"),
    [
        (["10", "9", "-1"], ["-1", "9", "10"]),
        (["10", "9", "x"], ["10", "9", "x"]),
        (["10", "09"], ["09", "10"]),
        ([str(2**70), "3"], ["3", str(2**70)]),
    ],
)
def test_ids_are_numbered_by_value_if_all_are_numbers(ids: list[str], order: list[str]) -> None:
    assert from_columns("t", ids, ["1"] * len(ids)).user_ids.tolist() == order


def test_text_and_number_columns_give_the_same() -> None:
    users, items = np.array([30, 4, 30]), np.array([7, 7, 100])
    texts = from_columns("t", users.astype(str), items.astype(str))
    numbers = from_columns("t", users, items)
    assert as_dict(texts) == as_dict(numbers)
    assert texts.user_ids.tolist() == numbers.user_ids.tolist() == ["4", "30"]


def test_an_item_without_a_title_is_called_by_its_id() -> None:
    data = from_columns("t", [1, 1], [5, 6], titles={"5": "Five"})
    assert data.titles is not None
    assert data.titles.tolist() == ["Five", "6"]


def test_no_rows_are_no_users() -> None:
    data = from_columns("t", [], [], min_interactions=2)
    split = leave_one_out(data, validation=True)
    assert (data.n_users, data.n_items, len(data), len(split.held_out)) == (0, 0, 0, 0)


def test_user_index() -> None:
    data = build([(3, 1, 1), (12, 1, 1)])
    assert data.user_index("12") == 1
    with pytest.raises(UsageError, match="t has no user '7'; its users are 3, 12"):
        data.user_index("7")


def test_client_keys_are_the_ids_digest() -> None:
    # Reference values from the coreutils: printf %s ID | b2sum -l 64
    keys = client_keys(np.array(["1", "Zoë"]))
    assert [int(k).to_bytes(8, "little").hex() for k in keys] == [
        "f6fc42039fba3776",
        "789fb70695ef899a",
    ]
    assert keys.dtype == np.uint64


@pytest.mark.parametrize(
    "times",
    [
        [2, 1, 3],
        [2.5, 1.0, 3.0],
        np.array([2, 1, 3], "M8[D]"),
        np.array([2, 1, 3], np.uint64) + np.uint64(2**63),
        np.array([0, -(2**62), 2**62]),
    ],
)
def test_times_are_anything_that_sorts(times: Any) -> None:
    assert as_dict(from_columns("t", [1, 1, 1], ["a", "b", "c"], times)) == {"1": ["b", "a", "c"]}
