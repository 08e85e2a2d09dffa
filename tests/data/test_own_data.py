"""Titles, ties and files of the public, read as they are."""

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.own_tables import HISTORY, SECONDS, histories, table, write

from fedras.data import load
from fedras.errors import DataError, UsageError

TITLES = {
    "csv": ('movieId,title,genres\n501,"Bad, the",x\n502,Good,y\n', ""),
    "bars": ("501|Bad, the|01-Jan-1995||x\n502|Good|01-Jan-1995||y\n", ""),
    "colons": ("501::Bad, the::x\n502::Good::y\n", ""),
    "recbole": ("item_id:token\tmovie_title:token_seq\n501\tBad, the\n502\tGood\n", ""),
    "id and name": ('id,name,year\n501,"Bad, the",1\n502,Good,2\n', ""),
    "said": ('a,b,c\nx,"Bad, the",501\nx,Good,502\n', "item=c,title=b"),
    "json": ('{"asin": 501, "title": "Bad, the"}\n{"asin": 502, "title": "Good"}\n', ""),
    "escaped": (
        '"ISBN";"Book-Title"\n"501";"Bad, the"\n"502";"Good"\n"9";"The \\"J; P\\" Catalog"\n',
        "",
    ),
    "floats": ('movieId,title\n501.0,"Bad, the"\n502.0,Good\n', ""),
}


@pytest.mark.parametrize("form", TITLES)
def test_titles(tmp_path: Path, form: str) -> None:
    content, columns = TITLES[form]
    items = write(tmp_path, content, "items.txt")
    path = write(tmp_path, table(SECONDS))
    data = load(str(path), options={"items": str(items), "item_columns": columns})
    assert data.titles is not None
    assert data.titles.tolist() == ["Bad, the", "Good", "503"]


def test_titles_of_other_items_are_refused(tmp_path: Path) -> None:
    items = write(tmp_path, "id,title\n1,One\n", "items.csv")
    path = write(tmp_path, table(SECONDS))
    with pytest.raises(DataError, match=r"items\.csv: has no title for any item, such as 501"):
        load(str(path), options={"items": str(items)})


def test_ties_are_said(tmp_path: Path) -> None:
    data = load(str(write(tmp_path, "user,item,time\n1,a,5\n1,b,5\n2,a,1\n2,b,2\n")))
    assert data.notes == (
        "1 of 2 users have several items at their last time; the one that comes last in the file "
        "is held out",
    )


def test_a_name_that_exists_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, table(SECONDS), "ratings")
    assert histories(load("ratings")) == HISTORY
    with pytest.raises(UsageError, match="unknown data set 'rating'"):
        load("rating")
    with pytest.raises(DataError, match="no such file"):
        load("r.json")


def test_options_that_cannot_be_meant(tmp_path: Path) -> None:
    path = str(write(tmp_path, table(SECONDS)))
    for name, value in (
        ("columns", "who=a"),
        ("where", "nonsense"),
        ("where", "a<b"),
        ("columns", "user=a,user=b"),
    ):
        with pytest.raises(UsageError):
            load(path, options={name: value})


def test_a_long_cell_costs_no_more_than_itself(tmp_path: Path) -> None:
    rows = "".join(f"{row % 3000},i{row}\n" for row in range(60_000))
    data = load(str(write(tmp_path, f"user,item\n{rows}7,{'x' * 60_000}\n")))
    assert len(data) == 60_001
    assert data.item_ids.nbytes < 1 << 21


PUBLIC = {
    "ml-latest-small/ratings.csv": ",",
    "filmtrust/ratings.txt": " ",
    "citeulike-a/interactions.csv": ",",
    "gowalla-part/test.txt": "",
}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_files_are_read_as_they_are(name: str, real: Callable[[str], Path]) -> None:
    """Next to what plain Python makes of them."""
    path = real(name.partition("/")[0]) / name
    pairs: set[tuple[str, str]] = set()
    for line in path.read_text().splitlines():
        cells = line.split(PUBLIC[name] or None)
        if cells[0].isdecimal():
            pairs.update((cells[0], item) for item in (cells[1:2] if PUBLIC[name] else cells[1:]))
    data = load(str(path))
    assert len(data) == len(pairs)
    assert data.n_users == len({user for user, _ in pairs})
    assert data.n_items == len({item for _, item in pairs})


def test_public_titles(real: Callable[[str], Path]) -> None:
    folder = real("ml-latest-small") / "ml-latest-small"
    data = load(str(folder / "ratings.csv"), options={"items": str(folder / "movies.csv")})
    assert data.titles is not None
    assert data.titles[data.item_ids.tolist().index("1")] == "Toy Story (1995)"


def test_quotes_behind_a_backslash(tmp_path: Path) -> None:
    rows = '"User-ID";"ISBN";"Book-Rating"\r\n"7";"0446\\"1";"0"\r\n"7";"caf\xe9";"5"\r\n'
    data = load(str(write(tmp_path, rows.encode("latin-1"))))
    assert histories(data) == {"7": ['0446"1', "caf\xe9"]}
    assert data.columns == (
        "user=User-ID, item=ISBN (not UTF-8, read as Latin-1), time=none (order of the file); "
        "not used: Book-Rating"
    )


def test_ids_that_a_spreadsheet_cut_short_are_said(tmp_path: Path) -> None:
    data = load(str(write(tmp_path, "user,item\n1.23E+11,a\n1.23E+11,b\n4,a\n")))
    assert "user=user (1.23E+11 may be several ids that a spreadsheet cut short)" in data.columns
