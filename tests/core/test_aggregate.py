"""Sums and means over clients, item by item."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float64s, Int32s, Int64s
from fedras.core.threads import set_threads
from fedras.core.updates import add_up, means

Sums = tuple[Int32s, Float64s, Int64s]
NOTHING = np.zeros(0, np.int32), np.zeros((0, 2)), np.zeros(0, np.int64)


def add(clients: list[list[int]], n_items: int, d: int, seed: int) -> tuple[Sums, Sums]:
    """Return the sums of random updates of these rows, some of which are known, and NumPy's."""
    rng = np.random.default_rng(seed)
    rows = np.array([row for own in clients for row in own], np.int32)
    bounds = np.cumsum([0, *map(len, clients)])
    kinds = rng.integers(1, 4, len(clients))
    starts = np.cumsum([0, *kinds])
    index = np.array(
        [rng.integers(k) for own, k in zip(clients, kinds, strict=True) for _ in own], np.int32
    )
    vectors = rng.normal(size=(starts[-1], d)).astype(np.float32)
    known = np.flatnonzero(rng.random(n_items) < 0.3).astype(np.int32)
    total, count = rng.normal(size=(len(known), d)), rng.integers(1, 9, len(known))
    sums, number = np.zeros((n_items, d)), np.zeros(n_items, np.int64)
    sums[known], number[known] = total, count
    owner = np.repeat(np.arange(len(clients)), [len(own) for own in clients])
    np.add.at(sums, rows, vectors[starts[owner] + index].astype(np.float64))
    np.add.at(number, rows, 1)
    touched = np.flatnonzero(number).astype(np.int32)
    found = add_up(rows, bounds, index, vectors, starts, n_items, known, total, count)
    return found, (touched, sums[touched], number[touched])


def same(found: Sums, wanted: Sums) -> bool:
    """Return whether they are so to the last bit; sums are made in the clients' order."""
    (rows, total, count), (wanted_rows, wanted_total, wanted_count) = found, wanted
    assert rows.dtype == np.int32
    return (
        rows.tobytes() == wanted_rows.tobytes()
        and total.tobytes() == wanted_total.tobytes()
        and count.tobytes() == wanted_count.tobytes()
    )


@given(
    st.lists(st.sets(st.integers(0, 130)).map(sorted), min_size=1, max_size=6),
    st.sampled_from([1, 8, 16, 35]),
    st.integers(0, 99),
)
def test_each_row_gets_what_its_clients_say(clients: list[list[int]], d: int, seed: int) -> None:
    assert same(*add(clients, 131, d, seed))


@pytest.mark.parametrize("n_items", [1, 2, 63, 64, 65, 5000])
def test_no_item_is_left_out_or_counted_twice(n_items: int) -> None:
    found, wanted = add([list(range(n_items))] * 3, n_items, 4, 0)
    assert len(found[0]) == n_items
    assert same(found, wanted)


def test_few_rows_of_many() -> None:
    assert same(*add([[0, 63, 64, 2**20 + 5, 3 * 10**6], [64, 3 * 10**6 - 1]], 3 * 10**6 + 1, 3, 0))


@pytest.mark.parametrize("n_items", [900, 10_000])  # the latter is enough for two threads
def test_the_number_of_threads_does_not_matter(n_items: int) -> None:
    rng = np.random.default_rng(3)
    n = n_items // 3 + 100
    clients = [sorted(rng.choice(n_items, n, replace=False).tolist()) for _ in range(40)]
    sums = []
    for count in (1, 2):
        set_threads(count)
        sums.append(add(clients, n_items, 32, 1)[0])
    assert same(*sums)


def test_doubles_keep_what_float32_would_lose() -> None:
    rows, bounds = np.zeros(3, np.int32), np.arange(4)
    vectors = np.array([[1e8], [1.0], [-1e8]], np.float32)
    nothing = NOTHING[0], np.zeros((0, 1)), NOTHING[2]
    _, total, count = add_up(rows, bounds, rows, vectors, bounds, 1, *nothing)
    assert total[0, 0] == 1.0
    assert count[0] == 3


GOOD = {
    "rows": np.array([0, 2, 1, 2], np.int32),
    "bounds": np.array([0, 2, 4]),
    "index": np.array([0, 1, 0, 0], np.int32),
    "vectors": np.ones((3, 2), np.float32),
    "starts": np.array([0, 2, 3]),
    "size": 3,
    "known": np.array([1], np.int32),
    "total": np.array([[1.0, 2.0]]),
    "count": np.array([4]),
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
        ("known", [3], "increase"),
        ("known", [-1], "increase"),
        ("known", [0, 1], "shapes"),
        ("total", [[1.0]], "shapes"),
        ("count", [4, 1], "shapes"),
    ],
)
def test_what_is_outside_is_refused(name: str, wrong: object, said: str) -> None:
    sent = GOOD | {name: np.array(wrong, GOOD[name].dtype)}  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=said):
        add_up(**sent)  # type: ignore[arg-type]
    rows, total, count = add_up(**GOOD)  # type: ignore[arg-type]
    assert rows.tolist() == [0, 1, 2]
    assert total.tolist() == [[1, 1], [2, 3], [2, 2]]
    assert count.tolist() == [1, 5, 2]


def test_a_matrix_has_no_negative_number_of_rows() -> None:
    with pytest.raises(ValueError, match="int32"):
        add_up(**GOOD | {"size": -1})  # type: ignore[arg-type]


@given(st.integers(0, 40), st.sampled_from([1, 4, 19]), st.booleans(), st.integers(0, 2**32))
def test_means_are_those_of_numpy(n: int, d: int, shrinks: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-1, 2, (n, d)).astype(np.float32)
    wanted = np.flatnonzero(rng.random(n) < 0.7).astype(np.int32)
    total = rng.normal(size=(len(wanted), d)) * rng.integers(0, 2, (len(wanted), 1))
    count = rng.integers(1, 4, len(wanted))
    mean = (total / count[:, None]).astype(np.float32)
    if shrinks:
        mean -= np.float32(0.3) * matrix[wanted]
    moved = mean.any(axis=1)
    rows, found = means(wanted, total, count, matrix, 0.3 if shrinks else None)
    assert rows.dtype == np.int32
    assert rows.tolist() == wanted[moved].tolist()
    assert found.tobytes() == mean[moved].tobytes()


def test_sums_counts_and_matrix_must_match() -> None:
    rows, count = np.arange(3, dtype=np.int32), np.ones(3, np.int64)
    total, matrix = np.zeros((3, 2)), np.zeros((3, 2), np.float32)
    with pytest.raises(ValueError, match="do not match"):
        means(rows, total, count, np.zeros((3, 1), np.float32), None)
    with pytest.raises(ValueError, match="do not match"):
        means(rows, total, count[:2], matrix, None)
    with pytest.raises(ValueError, match="do not match"):
        means(rows[:2], total, count, matrix, None)
    for wrong in ([0, 1, 3], [0, 2, 1], [-1, 0, 1]):
        with pytest.raises(ValueError, match="increase"):
            means(np.array(wrong, np.int32), total, count, matrix, None)
    with pytest.raises(ValueError, match="nobody"):
        means(rows, total, np.array([1, 0, 1]), matrix, None)
