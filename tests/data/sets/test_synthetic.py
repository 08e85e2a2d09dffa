import math
from collections.abc import Iterator

import numpy as np
import pytest

from fedras.arrays import Float64s
from fedras.core.threads import set_threads, threads
from fedras.data import Interactions, leave_one_out, load, sample_negatives
from fedras.errors import UsageError

SMALL = {"users": 400, "items": 500, "interactions": 16_000}


@pytest.fixture(autouse=True)
def _same_threads_after() -> Iterator[None]:
    before = threads()
    yield
    set_threads(before)


def test_the_data_is_as_large_as_asked_and_free_of_repeats() -> None:
    data = load("synthetic", options=SMALL)
    assert (data.n_users, data.n_items, len(data)) == (400, 500, 16_000)
    rows = np.split(data.items, data.indptr[1:-1])
    assert all(len(set(row.tolist())) == len(row) >= 5 for row in rows)
    assert data.items.min() >= 0
    assert data.items.max() < 500
    assert data.user_ids[[0, -1]].tolist() == ["0", "399"]


def test_threads_do_not_matter_but_the_seed_does() -> None:
    set_threads(1)
    one = load("synthetic", options=SMALL)
    set_threads(2)
    two = load("synthetic", options=SMALL)
    np.testing.assert_array_equal(one.items, two.items)
    np.testing.assert_array_equal(one.indptr, two.indptr)
    other = load("synthetic", options={**SMALL, "data_seed": 1})
    assert not np.array_equal(one.items, other.items)


def test_activity_varies_like_a_log_normal() -> None:
    data = load("synthetic", options={"users": 5_000, "items": 5_000, "interactions": 250_000})
    counts = np.diff(data.indptr)
    logs = np.log(counts - 5 + 0.5)
    assert 0.9 < logs.std() < 1.1
    assert counts.max() > 8 * np.median(counts)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5])
def test_popularity_follows_zipf(exponent: float) -> None:
    """With few choices per user, hardly any is turned down, and only popularity is left."""
    n = 100_000
    data = load(
        "synthetic",
        options={"users": 40_000, "items": n, "interactions": 200_000, "zipf": exponent},
    )
    seen = np.sort(np.bincount(data.items, minlength=n))[::-1]
    # The share of the 1,000 most popular of n items, by the integral of the density.
    expected = integral(1_001, exponent) / integral(n + 1, exponent)
    assert abs(seen[:1_000].sum() / len(data) - expected) < 0.25 * expected


def integral(x: float, exponent: float) -> float:
    power = 1 - exponent
    return math.log(x) if power == 0 else (x**power - 1) / power


def test_without_zipf_no_item_stands_out() -> None:
    data = load("synthetic", options={**SMALL, "zipf": 0})
    seen = np.bincount(data.items, minlength=500)
    assert seen.max() < 4 * seen.mean()


def test_an_index_says_nothing_about_popularity() -> None:
    data = load("synthetic", options=SMALL)
    seen = np.bincount(data.items, minlength=500)
    assert abs(np.corrcoef(np.arange(500), np.argsort(np.argsort(seen)))[0, 1]) < 0.15


def hit_ratio(data: Interactions, scores: Float64s) -> float:
    """Return the share of users whose held-out item is among the ten best of 1 + 99."""
    candidates = np.column_stack([leave_one_out(data).held_out, sample_negatives(data)])
    values = np.take_along_axis(scores, candidates, axis=1)
    return float(np.mean((values[:, 1:] >= values[:, :1]).sum(axis=1) < 10))


def test_tastes_can_be_learnt() -> None:
    data = load("synthetic", options=SMALL)
    split = leave_one_out(data)
    table = np.zeros((data.n_users, data.n_items))
    table[np.repeat(np.arange(data.n_users), np.diff(split.indptr)), split.items] = 1
    popularity = np.broadcast_to(table.mean(axis=0), table.shape)
    left, values, right = np.linalg.svd(table - popularity, full_matrices=False)
    learnt = popularity + (left[:, :8] * values[:8]) @ right[:8]
    chance, popular, personal = 0.1, hit_ratio(data, popularity), hit_ratio(data, learnt)
    assert popular > 2 * chance
    assert personal > popular + 0.1


@pytest.mark.parametrize(
    "options",
    [
        {"users": 10, "items": 10, "interactions": 50},
        {"users": 3, "items": 40, "interactions": 60, "zipf": 4},
        {"users": 1, "items": 10, "interactions": 5},
    ],
)
def test_crowded_data_still_fits(options: dict[str, int]) -> None:
    data = load("synthetic", options=options)
    counts = np.diff(data.indptr)
    assert counts.sum() == options["interactions"]
    assert counts.max() <= options["items"]
    rows = np.split(data.items, data.indptr[1:-1])
    assert all(len(set(row.tolist())) == len(row) for row in rows)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"users": 100, "items": 50, "interactions": 499},
            "data set 'synthetic': 100 users and 50 items allow 500 to 2500 interactions, not 499",
        ),
        ({"users": 0}, "option 'users' of data set 'synthetic': input should be greater than"),
        ({"zipf": "steep"}, "option 'zipf' of data set 'synthetic': input should be a valid num"),
        (
            {"sede": 1},
            "data set 'synthetic' has no option 'sede'; its options are: users, items, "
            "interactions, data_seed, zipf, factors",
        ),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as error:
        load("synthetic", options=options)
    assert str(error.value).startswith(says)
    assert "\n" not in str(error.value)
