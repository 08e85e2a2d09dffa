"""Tables of one's own on the command line: named, noted and found again."""

from pathlib import Path

import pytest
from helpers.small_runs import Fedras

from fedras.run.folder import RunFolder


def test_warnings_of_the_data(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.csv").write_text("user,item\na,1\na,2\na,3\nb,1\nb,2\nc,1\n")
    given = ["--dataset", "some.csv", "--rounds", 1, "--set", "min_interactions=2"]
    done = fedras("train", *given, "--quiet")
    assert done.status == 0
    assert "fedras: warning: 1 of 3 users have fewer than 2 interactions" in done.err
    summary = RunFolder("runs/some-mf-fedras-1").summary()
    assert summary is not None
    assert summary["dataset"] == "some.csv"
    assert "1 of 3 users" in summary["notes"][0]


@pytest.mark.parametrize("place", [["own.csv"], ["--dataset", "own.csv"]])
def test_a_table_is_named_with_or_without_its_flag(
    place: list[str], fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text("user,item\n" + "a,1\na,2\na,3\nb,1\nb,2\nc,1\nc,2\n")
    assert fedras("train", *place, "--rounds", 1, "--quiet").status == 0
    assert RunFolder("runs/own-mf-fedras-1").config().dataset == str(tmp_path / "own.csv")


def test_a_table_that_moved_is_known_by_its_content(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = Path("own.csv")
    table.write_text("user,item\na,1\na,2\na,3\nb,1\nb,2\nc,1\nc,2\n")
    assert fedras("train", table, "--rounds", 1, "--out", "run", "--quiet").status == 0
    before = fedras("recommend", "run", "--user", "c").out
    table.rename("moved.csv")
    lost = fedras("recommend", "run", "--user", "c")
    assert lost.status == 1
    assert "--dataset NEWPATH" in lost.err
    assert fedras("recommend", "run", "--user", "c", "--dataset", "moved.csv").out == before
    Path("other.csv").write_text("user,item\na,1\na,2\nb,1\nb,2\nc,1\nc,2\n")
    other = fedras("recommend", "run", "--user", "c", "--dataset", "other.csv")
    assert other.status == 1
    assert "is not the data" in other.err


def test_titles_that_are_not_found_are_asked_for_by_the_names_there_are(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.csv").write_text("user,item\n" + "a,1\na,2\na,3\nb,1\nb,2\nc,1\nc,2\n")
    Path("titles.csv").write_text("sku;label on the box;price\n1;One;3\n2;Two;4\n")
    given = "train", "own.csv", "--items", "titles.csv", "--rounds", 1, "--out", "run", "--quiet"
    done = fedras(*given)
    assert done.err.count("\n") == 1
    assert (
        "among sku, label on the box, price; say which it is: --item-columns title=NAME" in done.err
    )
    done = fedras(*given, "--item-columns", "title=label on the box")
    assert done.status == 0
    assert done.out.endswith("a page on this run: fedras report run\n")
    assert "Two" in fedras("recommend", "run", "--items", "1").out
    assert "item_columns" not in fedras("compare", "run").out
