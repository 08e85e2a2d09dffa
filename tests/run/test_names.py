import pytest

from fedras.errors import UsageError
from fedras.run.names import Names

FILMS = Names(
    "item", "films", ["1", "2", "3", "4"], ["Toy Story", "Toy Story 2", "Alien", "Aliens, The"]
)


def test_ids_and_titles() -> None:
    assert FILMS.places(["3", 1]).tolist() == [2, 0]
    for text, name in {
        "toy story": "1",  # a whole title, although another begins with it
        " TOY STORY 2": "2",
        "story 2": "2",
        "the": "4",
    }.items():
        assert FILMS.titled(text) == FILMS.named(text) == name
    assert FILMS.named("2") == "2"  # an id before part of a title
    assert FILMS.titled("2") == "2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "story",
            r"'story' is in the titles of 2 items of films: 'Toy Story' \(1\), 'Toy Story 2'",
        ),
        ("Alein", "no item with 'Alein' in its title; did you mean 'Alien'?"),
        ("zzz", "no item with 'zzz' in its title$"),
        ("", "no item with '' in its title"),
    ],
)
def test_no_title_is_guessed(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FILMS.titled(text)


def test_without_titles() -> None:
    bare = Names("item", "bare", ["a", "b"])
    assert bare.named("a") == "a"
    with pytest.raises(UsageError, match=r"bare has no item 'c'; its items are a, b$"):
        bare.named("c")
    with pytest.raises(UsageError, match="bare has no titles; name each item by its id"):
        bare.titled("a")
