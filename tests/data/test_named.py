import subprocess
import sys
from pathlib import Path

import pytest

from fedras.data import available, describe, fetch, load, names, open_dataset
from fedras.errors import UsageError


def test_names() -> None:
    assert {"lastfm-2k", "lastfm-2k-repeats", "ml-100k", "ml-1m", "synthetic"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_every_data_set_says_what_it_is(name: str) -> None:
    dataset = open_dataset(name)
    assert dataset.description
    assert "\n" not in dataset.description
    if dataset.published is not None:
        assert dataset.citation
        assert dataset.licence


def test_an_unknown_name() -> None:
    with pytest.raises(UsageError) as error:
        load("ml-100")
    assert str(error.value).startswith("unknown data set 'ml-100': did you mean 'ml-100k'?")
    assert str(error.value).endswith("; or give the path of a table")


def test_options_of_a_data_set_without_any() -> None:
    with pytest.raises(UsageError, match="'ml-1m' has no option 'x'; its options are: none"):
        load("ml-1m", options={"x": 1})


def test_available() -> None:
    assert available("synthetic") == "generated"
    assert available("ml-1m") == "not fetched"
    with pytest.raises(UsageError, match="unknown data set"):
        available("nothing")


@pytest.mark.parametrize("name", ["synthetic", "some/file.csv"])
def test_there_is_nothing_to_fetch(name: str) -> None:
    with pytest.raises(UsageError, match="there is nothing to fetch for"):
        fetch(name)


def test_describe_generated_data() -> None:
    told = describe("synthetic", options={"users": 20, "items": 50, "interactions": 200})
    assert told["density"] == 0.2
    assert (told["users"], told["items"], told["interactions"]) == (20, 50, 200)
    assert told["source"] == "generated"
    assert told["notes"] == []


def test_describe_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("u,a\nu,b\nv,a\n")
    told = describe(str(path), options={"min_interactions": 2})
    assert told["name"] == "mine.csv"
    assert told["source"] == str(path)
    assert told["density"] == 1.0
    assert len(told["notes"]) == 1


def test_slow_libraries_are_imported_only_when_needed() -> None:
    code = (
        "import sys, fedras.data as d; d.names(); d.available('synthetic');"
        "print([m for m in ('pooch', 'pyarrow', 'requests') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
