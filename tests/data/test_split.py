"""The three ways of holding interactions out."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.data import Interactions, Split, divide, evaluated, from_columns, most_held_out, told
from fedras.errors import DataError, UsageError

Rows = list[tuple[int, int, int]]
rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 30)), min_size=1, max_size=60
)
shares = st.floats(0.01, 0.9)
ways = st.sampled_from(["last", "ratio", "time"])


def build(table: Rows, times: bool = True) -> Interactions:
    users, items, when = (np.array(column) for column in zip(*table, strict=True))
    return from_columns("t", users, items, when if times else None)


def parts(split: Split, user: int) -> tuple[list[int], list[int]]:
    return (
        split.items[split.indptr[user] : split.indptr[user + 1]].tolist(),
        split.tests[split.bounds[user] : split.bounds[user + 1]].tolist(),
    )


def divided(data: Interactions, by: str, share: float, validation: bool = False) -> Split:
    try:
        return divide(data, by, share, validation)
    except DataError:  # all at one time
        return divide(data, "last", share, validation)


@given(rows, ways, shares)
def test_what_trains_comes_before_what_is_held_out(table: Rows, by: str, share: float) -> None:
    data = build(table)
    split = divided(data, by, share)
    for user, (start, end) in enumerate(pairwise(data.indptr)):
        trained, tests = parts(split, user)
        history = data.items[start:end].tolist()
        assert trained + tests == history[: len(trained) + len(tests)]
        if tests:
            assert trained
            assert len(trained) + len(tests) == len(history)
        assert split.held_out[user] == (tests[-1] if tests else -1)


@given(rows, ways, shares)
def test_validation_is_the_same_rule_on_what_is_left(table: Rows, by: str, share: float) -> None:
    data = build(table)
    try:
        test, tuning = divide(data, by, share), divide(data, by, share, validation=True)
    except DataError:
        return
    for user in range(data.n_users):
        left = parts(test, user)[0]
        trained, held = parts(tuning, user)
        assert trained + held == left[: len(trained) + len(held)]
        if held:
            assert trained + held == left


@given(rows, shares)
def test_ratio_holds_out_a_share_of_each_user(table: Rows, share: float) -> None:
    data = build(table)
    split = divide(data, "ratio", share)
    for user, count in enumerate(np.diff(data.indptr).tolist()):
        trained, tests = parts(split, user)
        expected = min(max(1, int(share * count + 1e-9)), count - 1)
        assert (len(trained), len(tests)) == (count - expected, expected)
        assert len(tests) <= most_held_out(data.n_items, "ratio", share)


@given(rows, shares)
def test_time_cuts_everybody_at_one_point(table: Rows, share: float) -> None:
    data = build(table)
    assert data.times is not None
    try:
        split = divide(data, "time", share)
    except DataError:
        wanted = np.sort(data.times)[-max(1, int(share * len(data) + 1e-9))]
        assert wanted == data.times.min()
        return
    before, after = [], []
    for user, (start, end) in enumerate(pairwise(data.indptr)):
        trained, tests = parts(split, user)
        before += data.times[start : start + len(trained)].tolist()
        after += data.times[start + len(trained) : end].tolist()
        assert not tests or len(trained) + len(tests) == end - start
    assert max(before) < min(after)
    assert len(after) >= max(1, int(share * len(data) + 1e-9))
    latest = [time for time in after if time > min(after)]
    assert len(latest) < max(1, int(share * len(data) + 1e-9))


def test_time_by_hand() -> None:
    data = build([(0, 0, 1), (0, 1, 5), (1, 2, 2), (1, 3, 8), (1, 4, 9), (2, 5, 9), (3, 0, 3)])
    split = divide(data, "time", 0.45)
    assert [parts(split, user) for user in range(4)] == [
        ([0, 1], []),
        ([2], [3, 4]),
        ([], []),
        ([0], []),
    ]
    assert evaluated(data, split).tolist() == [False, True, False, False]
    notes = told(data, split).notes
    assert notes[0] == "1 of 4 users have nothing to train on and are not evaluated"
    assert notes[1].startswith("2 of 4 users train and are not evaluated")
    assert notes[-1] == (
        "2 of 2 held-out interactions are with one of 2 items that nobody has trained on"
    )


def test_without_times_there_is_no_point_in_time() -> None:
    data = build([(0, 0, 1), (0, 1, 5)], times=False)
    with pytest.raises(UsageError, match=r"t has no times; .* --columns time=NAME"):
        divide(data, "time")


def test_one_time_for_all_is_no_split() -> None:
    with pytest.raises(DataError, match="no interactions before the point in time"):
        divide(build([(0, 0, 1), (0, 1, 1)]), "time")


def test_a_given_test_is_the_only_one() -> None:
    data = Interactions(
        "t",
        np.array(["0"]),
        np.array(["0", "1"]),
        np.array([0, 2]),
        np.array([0, 1], np.int32),
        tests=np.array([1]),
    )
    with pytest.raises(UsageError, match="t brings its own test; leave out split=ratio"):
        divide(data, "ratio")


def test_some_users_can_be_left_out() -> None:
    data = build([(user, item, item) for user in range(3) for item in range(10)])
    split = divide(data, "ratio", 0.3)
    some = split.without(np.array([False, True, False]))
    assert [parts(some, user)[1] for user in range(3)] == [[7, 8, 9], [], [7, 8, 9]]
    assert some.items is split.items


@given(rows)
def test_times_are_kept_in_order(table: Rows) -> None:
    data = build(table)
    assert data.times is not None
    first: dict[tuple[str, str], int] = {}
    for user, item, time in table:
        key = str(user), str(item)
        first[key] = min(time, first.get(key, time))
    least = min(first.values())
    for user, (start, end) in enumerate(pairwise(data.indptr)):
        for row in range(start, end):
            key = str(data.user_ids[user]), str(data.item_ids[data.items[row]])
            assert data.times[row] + least == first[key]
