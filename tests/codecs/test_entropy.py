import numpy as np
import pytest
from helpers import slow_coder
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.codecs.packing import pack_choices, pack_integers, unpack_choices
from fedras.codecs.update import join
from fedras.core import coding
from fedras.errors import PayloadError


def entropy(counts: np.ndarray) -> float:
    """Return the bytes that so many of each symbol take at least."""
    used = counts[counts > 0]
    return float((used * np.log2(used.sum() / used)).sum() / 8)


def packed(choices: np.ndarray, k: int) -> bytes:
    """Return the bytes of choices, having read them back."""
    whole = np.array([0, len(choices)])
    (data,), names = pack_choices(choices.astype(np.int32), whole, np.array([k]))
    assert sorted(names.tolist()) == list(range(k))
    (back,) = unpack_choices([data], [len(choices)], [k])
    assert back.dtype == np.int32
    assert names[back].tolist() == choices.tolist()
    counts = np.bincount(back, minlength=k)
    assert (counts[1:] <= counts[:-1]).all()
    return data


def skewed(n: int, k: int, concentration: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.choice(k, n, p=rng.dirichlet(np.full(k, concentration)))


COUNT = 2 * coding.LANES + 1
"""Of streams; so many that some take turns, again, and one is alone."""


def streamed(symbols: list[int], bounds: list[int]) -> bytes:
    """Return what the core writes, as the slow coder does, having read it back with it.

    With it the core codes what is left of the symbols without the last one, and so on.
    """
    lists = [symbols[: max(0, len(symbols) - c)] for c in range(COUNT)]
    own, ends = join([np.array(each, np.int32) for each in lists])
    shares = np.array(bounds, np.int64)
    streams = coding.pack_symbols(own, ends, shares)
    assert streams == [slow_coder.encode((each, bounds)) for each in lists]
    back, places, good = coding.unpack_symbols(streams, np.diff(ends), shares)
    assert back.tolist() == own.tolist()
    assert places.tolist() == ends.tolist()
    assert good.all()
    return streams[0]


@given(
    st.lists(st.integers(0, 2**31), min_size=2, max_size=40).flatmap(
        lambda weights: st.tuples(
            st.just(weights), st.lists(st.integers(0, len(weights) - 1), max_size=60)
        )
    )
)
def test_the_coder_is_the_slow_coder(case: tuple[list[int], list[int]]) -> None:
    weights, symbols = case
    bounds = coding.cumulate(np.array(weights, np.int64)).tolist()
    assert bounds == slow_coder.cumulate(weights)
    assert bounds[-1] == 65536
    streamed(symbols, bounds)


def test_the_bytes_are_pinned() -> None:
    bounds = slow_coder.cumulate([4, 1, 1])
    assert streamed([0, 0, 1, 0, 2, 0], bounds).hex() == "5b1f85e9"


@given(
    st.integers(0, 2**31 - 2).flatmap(
        lambda limit: st.tuples(st.just(limit), st.lists(st.integers(0, limit), max_size=30))
    )
)
def test_ascending_integers_come_back(case: tuple[int, list[int]]) -> None:
    limit, values = case[0], sorted(case[1])
    lists = [values[: max(0, len(values) - c)] for c in range(COUNT)]
    own, ends = join([np.array(each, np.int32) for each in lists])
    streams = coding.pack_ascending(own, ends, limit)
    for each, stream in zip(lists, streams, strict=True):
        low, flags = slow_coder.ascending(each, limit)
        assert stream == low + slow_coder.encode(flags)
    back, places, good = coding.unpack_ascending(streams, np.diff(ends), limit)
    assert good.all()
    assert back.tolist() == own.tolist()
    assert places.tolist() == ends.tolist()


@pytest.mark.parametrize("concentration", [0.3, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize(("n", "k"), [(10_000, 2), (10_000, 60), (12_454, 778), (200_000, 256)])
def test_choices_of_many_come_near_their_entropy(n: int, k: int, concentration: float) -> None:
    choices = skewed(n, k, concentration)
    data = packed(choices, k)
    assert len(data) <= 1.03 * entropy(np.bincount(choices, minlength=k)) + 16
    assert len(data) <= 1 + len(pack_integers(choices.astype(np.int32), k))


@given(
    st.lists(
        st.integers(1, 80).flatmap(
            lambda k: st.tuples(st.just(k), st.lists(st.integers(0, k - 1), max_size=200))
        ),
        min_size=1,
        max_size=4,
    )
)
def test_many_are_packed_as_if_each_were_alone(cases: list[tuple[int, list[int]]]) -> None:
    ks = [k for k, _ in cases]
    arrays = [np.array(values, np.int32) for _, values in cases]
    together, order = pack_choices(*join(arrays), np.array(ks))
    alone = [packed(choices, k) for choices, k in zip(arrays, ks, strict=True)]
    assert together == alone
    back = unpack_choices(alone, [len(a) for a in arrays], ks)
    names = np.split(order, np.cumsum(ks)[:-1])
    for old, choices, own, k, data in zip(names, arrays, back, ks, alone, strict=True):
        assert old[own].tolist() == choices.tolist()
        assert len(data) <= 1 + len(pack_integers(choices, k))


def test_more_actions_than_the_coder_can_tell_apart_have_fixed_width() -> None:
    k = coding.MOST_SYMBOLS + 1
    data = packed(np.zeros(k, np.int32), k)
    assert data[0] == 0
    with pytest.raises(PayloadError):
        unpack_choices([b"\x01" + data[1:]], [k], [k])


def coded(most: int, counts: list[int], chosen: list[int], weights: list[int]) -> bytes:
    """Return the bytes for 300 choices of 8 with a part that does not fit the others."""
    return slow_coder.choices(300, most, counts, chosen, weights)


CODED = packed(skewed(300, 8, 0.3), 8)
GOOD = [1, 1, 1, 1, 1, 1, 1, 293]
CHOICES = [0] * 293 + list(range(1, 8))
FITS = coded(293, GOOD, CHOICES, GOOD[::-1])
BAD = {
    "nothing": b"",
    "no stream": CODED[:1],
    "another kind": b"\x02" + CODED[1:],
    "fixed width, too short": b"\x00\x00",
    "cut": CODED[:-1],
    "longer than it is": CODED + b"\x01",
    "most is above n": coded(301, GOOD, CHOICES, GOOD[::-1]),
    "counts of 301": coded(294, [*GOOD[:-1], 294], CHOICES, [294, *GOOD[:-1]]),
    "counts of 299": coded(292, [*GOOD[:-1], 292], CHOICES, [292, *GOOD[:-1]]),
    "counts of nothing": coded(0, [0] * 8, [], [0] * 8),
    "most is not the largest count": coded(295, GOOD, CHOICES, GOOD[::-1]),
    "other choices than counted": coded(293, GOOD, [0] * 300, GOOD[::-1]),
    "a state that no coder has": FITS[:5] + b"\0\0\0\0" + FITS[9:],
}


def test_the_bad_bytes_are_near_good_ones() -> None:
    assert CODED[0] & FITS[0] & 1
    (back,) = unpack_choices([FITS], [300], [8])
    assert back.tolist() == CHOICES
    assert len(slow_coder.ascending(GOOD, 293)[0]) == 3  # so the state is where BAD breaks it


@pytest.mark.parametrize("case", BAD)
def test_what_are_no_choices_is_refused_in_one_line(case: str) -> None:
    with pytest.raises(PayloadError) as raised:
        unpack_choices([FITS, BAD[case]], [300, 300], [8, 8])
    assert len(str(raised.value).splitlines()) == 1
    assert str(raised.value).startswith(f"{len(BAD[case])} bytes")


@pytest.mark.parametrize("k", [0, 1])
def test_less_than_two_actions_leave_no_choice_to_code(k: int) -> None:
    with pytest.raises(PayloadError):
        unpack_choices([CODED], [300], [k])


@settings(max_examples=500)
@given(st.binary(max_size=60), st.integers(0, 40), st.integers(0, 20))
def test_any_bytes_are_choices_or_refused(data: bytes, n: int, k: int) -> None:
    for kind in (b"", b"\x00", b"\x01", b"\x15\0"):
        around = [FITS] * coding.LANES
        try:
            choices, *others = unpack_choices(
                [kind + data, *around], [n, *([300] * coding.LANES)], [k, *([8] * coding.LANES)]
            )
        except PayloadError:
            continue
        assert all(other.tolist() == CHOICES for other in others)
        assert choices.shape == (n,)
        assert choices.dtype == np.int32
        assert n == 0 or (choices.min() >= 0 and choices.max() < k)
