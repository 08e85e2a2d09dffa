"""Sums and means over clients, item by item."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float64s, Int64s
from fedras.core.threads import set_threads
from fedras.core.updates import add_up, means

Sums = tuple[Float64s, Int64s]


def add(clients: list[list[int]], n_items: int, d: int, seed: int) -> tuple[Sums, Sums]:
    """Return the sums of random updates of these rows, and what NumPy makes of them."""
    rng = np.random.default_rng(seed)
    rows = np.array([row for own in clients for row in own], np.int32)
    bounds = np.cumsum([0, *map(len, clients)])
    kinds = rng.integers(1, 4, len(clients))
    starts = np.cumsum([0, *kinds])
    index = np.array(
        [rng.integers(k) for own, k in zip(clients, kinds, strict=True) for _ in own], np.int32
    )
    vectors = rng.normal(size=(starts[-1], d)).astype(np.float32)
    total, count = rng.normal(size=(n_items, d)), rng.integers(0, 9, n_items)
    wanted = total.copy(), count.copy()
    owner = np.repeat(np.arange(len(clients)), [len(own) for own in clients])
    np.add.at(wanted[0], rows, vectors[starts[owner] + index].astype(np.float64))
    np.add.at(wanted[1], rows, 1)
    add_up(rows, bounds, index, vectors, starts, total, count)
    return (total, count), wanted


@given(
    st.lists(st.sets(st.integers(0, 130)).map(sorted), min_size=1, max_size=6),
    st.sampled_from([1, 8, 16, 35]),
    st.integers(0, 99),
)
def test_each_row_gets_what_its_clients_say(clients: list[list[int]], d: int, seed: int) -> None:
    (total, count), (wanted, wanted_count) = add(clients, 131, d, seed)
    assert (total == wanted).all()  # in the clients' order, so to the last bit
    assert (count == wanted_count).all()


@pytest.mark.parametrize("n_items", [1, 2, 63, 64, 65, 5000])
def test_no_item_is_left_out_or_counted_twice(n_items: int) -> None:
    (total, count), (wanted, wanted_count) = add([list(range(n_items))] * 3, n_items, 4, 0)
    assert (total == wanted).all()
    assert (count == wanted_count).all()


@pytest.mark.parametrize("n_items", [900, 10_000])  # the latter is enough for two threads
def test_the_number_of_threads_does_not_matter(n_items: int) -> None:
    rng = np.random.default_rng(3)
    n = n_items // 3 + 100
    clients = [sorted(rng.choice(n_items, n, replace=False).tolist()) for _ in range(40)]
    sums = []
    for count in (1, 2):
        set_threads(count)
        sums.append(add(clients, n_items, 32, 1)[0])
    assert sums[0][0].tobytes() == sums[1][0].tobytes()


def test_doubles_keep_what_float32_would_lose() -> None:
    rows, bounds = np.zeros(3, np.int32), np.arange(4)
    vectors = np.array([[1e8], [1.0], [-1e8]], np.float32)
    total, count = np.zeros((1, 1)), np.zeros(1, np.int64)
    add_up(rows, bounds, rows, vectors, bounds, total, count)
    assert total[0, 0] == 1.0
    assert count[0] == 3


GOOD = {
    "rows": np.array([0, 2, 1, 2], np.int32),
    "bounds": np.array([0, 2, 4]),
    "index": np.array([0, 1, 0, 0], np.int32),
    "vectors": np.ones((3, 2), np.float32),
    "starts": np.array([0, 2, 3]),
}


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("rows", [0, 3, 1, 2], "outside the matrix"),
        ("rows", [-1, 2, 1, 2], "outside the matrix"),
        ("rows", [2, 0, 1, 2], "increase"),
        ("rows", [0, 2, 1], "do not match"),
        ("bounds", [0, 2, 5], "bounds"),
        ("bounds", [-1, 2, 4], "bounds"),
        ("bounds", [3, 2, 4], "bounds"),
        ("bounds", [0, 4], "do not match"),
        ("index", [0, 2, 0, 0], "outside the client's vectors"),
        ("index", [0, 1, 0, -1], "outside the client's vectors"),
        ("vectors", np.ones((3, 3)), "shapes"),
        ("vectors", np.ones((2, 2)), "starts"),
        ("starts", [0, 2, 4], "starts"),
        ("starts", [0, 3, 2], "starts"),
    ],
)
def test_what_is_outside_is_refused(name: str, wrong: object, said: str) -> None:
    total, count = np.zeros((3, 2)), np.zeros(3, np.int64)
    sent = GOOD | {name: np.array(wrong, GOOD[name].dtype)}
    with pytest.raises(ValueError, match=said):
        add_up(**sent, total=total, count=count)
    assert not total.any()
    assert not count.any()
    add_up(**GOOD, total=total, count=count)
    assert count.tolist() == [1, 1, 2]


@given(st.integers(0, 40), st.sampled_from([1, 4, 19]), st.booleans(), st.integers(0, 2**32))
def test_means_are_those_of_numpy(n: int, d: int, shrinks: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    total = rng.normal(size=(n, d)) * rng.integers(0, 2, (n, 1))
    count, matrix = rng.integers(0, 4, n), rng.integers(-1, 2, (n, d)).astype(np.float32)
    wanted = np.flatnonzero(count)
    mean = (total[wanted] / count[wanted][:, None]).astype(np.float32)
    if shrinks:
        mean -= np.float32(0.3) * matrix[wanted]
    moved = mean.any(axis=1)
    rows, found = means(total, count, matrix, 0.3 if shrinks else None)
    assert rows.dtype == np.int32
    assert rows.tolist() == wanted[moved].tolist()
    assert found.tobytes() == mean[moved].tobytes()


def test_sums_counts_and_matrix_must_match() -> None:
    total, matrix = np.zeros((3, 2)), np.zeros((3, 2), np.float32)
    for shape in ((3, 1), (2, 2)):
        with pytest.raises(ValueError, match="do not match"):
            means(total, np.ones(3, np.int64), np.zeros(shape, np.float32), None)
    with pytest.raises(ValueError, match="do not match"):
        means(total, np.ones(2, np.int64), matrix, None)
