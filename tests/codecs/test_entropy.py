from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.codecs.entropy import Reader, Writer
from fedras.codecs.packing import pack_choices, pack_integers, unpack_choices
from fedras.errors import PayloadError


def entropy(counts: np.ndarray) -> float:
    """Return the bytes that so many of each symbol take at least."""
    used = counts[counts > 0]
    return float((used * np.log2(used.sum() / used)).sum() / 8)


def ranked(choices: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the choices renamed so that the most frequent is 0, and the counts."""
    counts = np.bincount(choices, minlength=k)
    order = np.argsort(-counts, kind="stable")
    return np.argsort(order).astype(np.int32)[choices], counts[order]


def skewed(n: int, k: int, concentration: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return ranked(rng.choice(k, n, p=rng.dirichlet(np.full(k, concentration))), k)


def written(*steps: Callable[[Writer], None]) -> bytes:
    writer = Writer()
    for step in steps:
        step(writer)
    return writer.to_bytes()


arrays = st.integers(0, 2**31 - 1).flatmap(
    lambda limit: st.tuples(st.just(limit), st.lists(st.integers(0, limit), max_size=30))
)


@given(arrays, st.lists(st.integers(0, 6), max_size=50), arrays)
def test_one_stream_holds_arrays_of_every_kind(
    plain: tuple[int, list[int]], symbols: list[int], sorted_: tuple[int, list[int]]
) -> None:
    limit, integers = plain
    most, ascending = sorted_[0] % 1000, sorted(value % 1000 for value in sorted_[1])
    ascending = [min(value, most) for value in ascending]
    weights = np.array([5, 1, 1, 0, 100, 2, 3])
    data = written(
        lambda w: w.integers(np.array(integers, np.int32), limit),
        lambda w: w.symbols(np.array(symbols, np.int32), weights),
        lambda w: w.ascending(np.array(ascending, np.int32), most),
        lambda w: w.integers(np.array([3], np.int32), 3),
    )
    reader = Reader(data)
    assert reader.integers(len(integers), limit).tolist() == integers
    assert reader.symbols(len(symbols), weights).tolist() == symbols
    back = reader.ascending(len(ascending), most)
    assert back.dtype == np.int32
    assert back.tolist() == ascending
    assert reader.integers(1, 3).tolist() == [3]
    reader.end()


@pytest.mark.parametrize(("n", "limit"), [(10, 2**31 - 1), (1000, 10**6), (500, 11_899), (90, 9)])
def test_ascending_integers_take_what_it_takes_to_choose_them(n: int, limit: int) -> None:
    rng = np.random.default_rng(0)
    values = np.sort(rng.choice(limit + n, n, replace=False)) - np.arange(n)
    data = written(lambda w: w.ascending(values.astype(np.int32), limit))
    assert Reader(data).ascending(n, limit).tolist() == values.tolist()
    least = entropy(np.array([n, limit]))
    assert len(data) <= 1.03 * least + 8


def test_the_streams_bytes_are_pinned() -> None:
    """The coder's own arithmetic is part of the format."""
    data = written(
        lambda w: w.integers(np.array([7, 70_000], np.int32), 100_000),
        lambda w: w.symbols(np.array([0, 0, 1, 0, 2, 0], np.int32), np.array([4, 1, 1])),
        lambda w: w.ascending(np.array([0, 0, 3, 900], np.int32), 1000),
    )
    assert data.hex(" ", 4) == "70110700 7e3ab855 04650aaa"


@pytest.mark.parametrize("concentration", [0.3, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize(("n", "k"), [(10_000, 2), (10_000, 60), (12_454, 778), (200_000, 256)])
def test_choices_of_many_come_near_their_entropy(n: int, k: int, concentration: float) -> None:
    choices, counts = skewed(n, k, concentration)
    data = pack_choices(choices, counts)
    assert unpack_choices(data, n, k).tolist() == choices.tolist()
    assert len(data) <= 1.03 * entropy(counts) + 16
    assert len(data) <= 1 + len(pack_integers(choices, k))


def test_the_counts_of_778_actions_take_less_than_120_bytes() -> None:
    _, counts = skewed(12_454, 778, 1.0)
    most = int(counts[0])
    data = written(lambda w: w.ascending(counts[::-1].astype(np.int32), most))
    assert len(data) < 120


@given(
    st.integers(1, 80).flatmap(
        lambda k: st.tuples(st.just(k), st.lists(st.integers(0, k - 1), max_size=200))
    )
)
def test_choices_come_back_and_never_take_more_than_fixed_width(
    case: tuple[int, list[int]],
) -> None:
    k, values = case
    choices, counts = ranked(np.array(values, np.int64), k)
    data = pack_choices(choices, counts)
    back = unpack_choices(data, len(values), k)
    assert back.dtype == np.int32
    assert back.tolist() == choices.tolist()
    assert len(data) <= 1 + len(pack_integers(choices, k))


def test_more_actions_than_the_coder_can_tell_apart_have_fixed_width() -> None:
    k = 70_000
    choices, counts = np.arange(k, dtype=np.int32), np.ones(k, np.int64)
    data = pack_choices(choices, counts)
    assert unpack_choices(data, k, k).tolist() == choices.tolist()
    with pytest.raises(PayloadError):
        unpack_choices(b"\x01" + data[1:], k, k)


CODED = pack_choices(*skewed(300, 8, 0.3))


def coded(most: int, counts: list[int], choices: list[int], weights: list[int]) -> bytes:
    """Return the bytes for 300 choices of 8 with a part that does not fit the others."""
    return b"\x01" + written(
        lambda w: w.integers(np.array([most], np.int32), 300),
        lambda w: w.ascending(np.array(counts, np.int32), most),
        lambda w: w.symbols(np.array(choices, np.int32), np.array(weights)),
    )


GOOD = [1, 1, 1, 1, 1, 1, 1, 293]
BAD = {
    "nothing": b"",
    "no stream": CODED[:1],
    "another kind": b"\x02" + CODED[1:],
    "fixed width, too short": b"\x00\x00",
    "not whole words": CODED[:-1],
    "longer than it is": CODED + b"\x01\x01\x01\x01" * 3,
    "most is above n": coded(301, GOOD, [0] * 300, GOOD[::-1]),
    "counts of 301": coded(294, [*GOOD[:-1], 294], [0] * 300, GOOD[::-1]),
    "counts of 299": coded(292, [*GOOD[:-1], 292], [0] * 300, GOOD[::-1]),
    "counts of nothing": coded(0, [0] * 8, [], []),
    "other choices than counted": coded(293, GOOD, [0] * 300, GOOD[::-1]),
}


def test_the_bad_bytes_are_near_good_ones() -> None:
    assert CODED[:1] == b"\x01"
    choices = [0] * 293 + list(range(1, 8))
    good = coded(293, GOOD, choices, GOOD[::-1])
    assert unpack_choices(good, 300, 8).tolist() == choices


@pytest.mark.parametrize("case", BAD)
def test_what_are_no_choices_is_refused_in_one_line(case: str) -> None:
    with pytest.raises(PayloadError) as raised:
        unpack_choices(BAD[case], 300, 8)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("k", [0, 1])
def test_less_than_two_actions_leave_no_choice_to_code(k: int) -> None:
    with pytest.raises(PayloadError):
        unpack_choices(CODED, 300, k)


@settings(max_examples=500)
@given(st.binary(max_size=60), st.integers(0, 40), st.integers(0, 20))
def test_any_bytes_are_choices_or_refused(data: bytes, n: int, k: int) -> None:
    for kind in (b"", b"\x00", b"\x01"):
        try:
            choices = unpack_choices(kind + data, n, k)
        except PayloadError:
            continue
        assert choices.shape == (n,)
        assert choices.dtype == np.int32
        assert n == 0 or (choices.min() >= 0 and choices.max() < k)
