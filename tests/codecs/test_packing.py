import math

import numpy as np
import pytest
from helpers import slow_coder
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.codecs.packing import (
    pack_integers,
    pack_row_sets,
    pack_rows,
    unpack_integers,
    unpack_row_sets,
    unpack_rows,
)
from fedras.codecs.update import join
from fedras.errors import PayloadError


@st.composite
def subsets(draw: st.DrawFn) -> tuple[list[int], int]:
    size = draw(st.integers(1, 300))
    share = draw(st.sampled_from([0.0, 0.02, 0.2, 0.9, 1.0]))
    seed = draw(st.integers(0, 2**32))
    return np.flatnonzero(np.random.default_rng(seed).random(size) < share).tolist(), size


@given(subsets())
def test_rows_come_back(case: tuple[list[int], int]) -> None:
    rows, size = case
    data = pack_rows(np.array(rows, np.int32), size)
    back = unpack_rows(data, size)
    assert back.dtype == np.int32
    assert back.tolist() == rows
    assert len(data) <= 1 + (size + 7) // 8


@given(st.sets(st.integers(0, 999_999), max_size=200))
def test_sparse_rows_of_a_million_are_small(rows: set[int]) -> None:
    data = pack_rows(np.array(sorted(rows), np.int32), 1_000_000)
    assert unpack_rows(data, 1_000_000).tolist() == sorted(rows)
    assert len(data) <= 9 + (20 * len(rows) + 7) // 8  # 20 bits reach a million


@pytest.mark.parametrize("rows", [[], [0], [999_999], [0, 999_999], [499_999, 500_000]])
def test_ends_of_a_million(rows: list[int]) -> None:
    data = pack_rows(np.array(rows, np.int32), 1_000_000)
    assert unpack_rows(data, 1_000_000).tolist() == rows
    assert len(data) < 20


def test_all_rows_cost_nothing() -> None:
    assert pack_rows(np.arange(1_000_000, dtype=np.int32), 1_000_000) == b""
    assert unpack_rows(b"", 5).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("n", "size"), [(640, 1682), (100, 1682), (1600, 1682), (500, 12_399), (1000, 1_000_000)]
)
def test_rows_at_random_cost_little_more_than_their_number_demands(n: int, size: int) -> None:
    rows = np.sort(np.random.default_rng(0).choice(size, n, replace=False)).astype(np.int32)
    data = pack_rows(rows, size)
    assert unpack_rows(data, size).tolist() == rows.tolist()
    assert len(data) <= 1.03 * math.log2(math.comb(size, n)) / 8 + 6


def stream(n: int, size: int, gaps: list[int], limit: int) -> bytes:
    return slow_coder.rows(n, size, gaps, limit)


@given(st.lists(st.sets(st.integers(0, 199)), min_size=1, max_size=5))
def test_many_sets_are_packed_as_if_each_were_alone(sets: list[set[int]]) -> None:
    arrays = [np.array(sorted(rows), np.int32) for rows in sets]
    rows, bounds = join([np.full(3, -1, np.int32), *arrays])  # they need not begin at 0
    together = pack_row_sets(rows, bounds[1:-1], np.diff(bounds)[1:], 200)
    assert together == [pack_rows(rows, 200) for rows in arrays]
    for own, back in zip(arrays, unpack_row_sets(together, 200), strict=True):
        assert back.tolist() == own.tolist()


def test_the_coder_is_the_slow_coder() -> None:
    for rows, size in (([5, 1000, 30_000, 99_999], 100_000), ([0, 1, 2, 77], 90), ([7], 256)):
        gaps = [row - i for i, row in enumerate(rows)]
        expected = stream(len(rows), size, gaps, size - len(rows))
        assert pack_rows(np.array(rows, np.int32), size) == expected


def test_the_bad_streams_below_are_near_a_good_one() -> None:
    assert unpack_rows(stream(3, 12, [0, 4, 9], 9), 12).tolist() == [0, 5, 11]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x00\xff",
        b"\x00\xff\xff\xff",
        b"\x00\xff\xf0",  # of 12 rows, so 4 flags are beyond
        b"\x02\xff\x0f",
        b"\xff",
        b"\x01",
        b"\x01\x01\x00\x00",
        stream(12, 12, [0] * 12, 0),  # all rows have a shorter name
        stream(15, 12, [0] * 15, 0),
        stream(4, 12, [0, 4, 9], 9),
        stream(2, 12, [0, 4, 9], 9),
        stream(3, 12, [0, 4, 9], 9)[:-1],
        stream(3, 12, [0, 4, 9], 9) + b"\x01",
        stream(3, 12, [0, 4, 10], 10),
    ],
)
def test_what_is_no_set_of_rows_is_refused(data: bytes) -> None:
    with pytest.raises(PayloadError) as raised:
        unpack_rows(data, 12)
    assert len(str(raised.value).splitlines()) == 1


@settings(max_examples=500)
@given(st.binary(max_size=24), st.integers(1, 100))
def test_any_bytes_are_rows_or_refused(data: bytes, size: int) -> None:
    for kind in (b"", b"\x00", b"\x01"):
        try:
            rows = unpack_rows(kind + data, size)
        except PayloadError:
            continue
        assert (np.diff(rows) > 0).all()
        assert len(rows) == 0 or (rows[0] >= 0 and rows[-1] < size)


@given(
    st.integers(1, 2**31 - 1).flatmap(
        lambda limit: st.tuples(st.just(limit), st.lists(st.integers(0, limit - 1), max_size=30))
    )
)
def test_integers_come_back(case: tuple[int, list[int]]) -> None:
    limit, values = case
    data = pack_integers(np.array(values, np.int32), limit)
    back = unpack_integers(data, len(values), limit)
    assert back.tolist() == values
    assert back.dtype == np.int32
    bits = (limit - 1).bit_length()
    assert len(data) == -(-len(values) * bits // 8)


@pytest.mark.parametrize(
    ("data", "n", "limit"),
    [
        (b"", 1, 2),
        (b"\0\0", 1, 2),
        (b"\0", 0, 2),
        (b"\x03", 1, 3),
        (b"\xff", 2, 9),
        (b"", 1, 0),
        (b"\xff\xff\xff\x7f", 1, 2**31 - 1),
        (b"\0", 2**31, 1),
        (b"\0", 2**40, 2),
    ],
)
def test_what_are_no_integers_is_refused(data: bytes, n: int, limit: int) -> None:
    with pytest.raises(PayloadError) as raised:
        unpack_integers(data, n, limit)
    assert len(str(raised.value).splitlines()) == 1
