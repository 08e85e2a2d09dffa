"""What is found by what is typed."""

from hypothesis import given
from hypothesis import strategies as st

from fedras.explorer.finder import Finder

TEXT = st.text("abA \u00df", max_size=4)


def test_the_same_comes_first_then_beginnings_then_parts() -> None:
    finder = Finder(["31", "3", "13", "x", "y"], ["", "Film", "thirty", "3 men", "the 3"])
    assert finder("3", 10) == ["3", "31", "x", "13", "y"]
    assert finder(" FILM ", 10) == ["3"]
    assert finder("3", 2) == ["3", "31"]
    assert finder("nothing", 10) == []


def test_equally_good_ones_stand_in_the_order_that_is_given() -> None:
    assert Finder(["a1", "a2", "a3"], order=[2, 0, 1])("a", 2) == ["a3", "a1"]


@given(st.lists(st.tuples(TEXT, TEXT), unique_by=lambda pair: pair[0]), TEXT, st.integers(1, 5))
def test_nothing_that_fits_better_is_left_out(
    pairs: list[tuple[str, str]], text: str, k: int
) -> None:
    wanted = text.strip().casefold()

    def rank(pair: tuple[str, str]) -> int:
        name, title = map(str.casefold, pair)
        if name == wanted:
            return 0
        if name.startswith(wanted) or title.startswith(wanted):
            return 1
        return 2 if wanted in name or wanted in title else 3

    expected = [pair[0] for pair in sorted(pairs, key=rank) if rank(pair) < 3][:k]
    finder = Finder([name for name, _ in pairs], [title for _, title in pairs])
    if wanted or "" not in expected:
        assert finder(text, k) == expected
    assert len(finder(text, k)) <= k
