from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow.parquet import write_table

from fedras.data import Interactions, load
from fedras.errors import DataError, UsageError


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def histories(data: Interactions) -> dict[str, list[str]]:
    return {
        user: data.item_ids[data.items[data.indptr[i] : data.indptr[i + 1]]].tolist()
        for i, user in enumerate(data.user_ids.tolist())
    }


_MISSING = "correct or remove the line, or drop all such rows: --set missing=drop"
EXPECTED = {"u1": ["b", "a"], "u2": ["a", "c"]}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("u1,a,5,20\nu1,b,1,10\nu2,a,3,1\nu2,c,0,2\n", "t.csv"),
        ("u1\ta\t5\t20\nu1\tb\t1\t10\nu2\ta\t3\t1\nu2\tc\t0\t2\n", "t.tsv"),
        ("u1;a;5;20\nu1;b;1;10\nu2;a;3;1\nu2;c;0;2", "t.txt"),
        ("u1,b\nu1,a\nu2,a\nu2,c\n", "t.csv"),
        ("u1,b,1.5\nu1,a,-2\nu2,a,0\nu2,c,1e3\n", "t.csv"),
        ("\n\nu1,b\n\nu1,a\nu2,a\nu2,c\n\n", "t.csv"),
        ("movieId,userId\nb,u1\na,u1\na,u2\nc,u2\n", "t.csv"),
        ("Timestamp,note,USER_ID,Artist ID\n2,x,u1,a\n1.5,,u1,b\n3,,u2,a\n4,,u2,c\n", "t.csv"),
        (
            "user_id:token\titem_id:token\ttimestamp:float\nu1\ta\t20\nu1\tb\t10\nu2\ta\t1\nu2\tc\t2\n",
            "t.inter",
        ),
        (b'\xef\xbb\xbfuser,item\r\n"u1","b"\r\nu1,a\r\n u2 ,a\r\nu2, c\r\n', "t.csv"),
    ],
    ids=[
        "four",
        "tabs",
        "semicolons",
        "two",
        "three",
        "blank",
        "names",
        "more",
        "inter",
        "windows",
    ],
)
def test_layouts(tmp_path: Path, content: str | bytes, name: str) -> None:
    data = load(str(write(tmp_path, content, name)))
    assert histories(data) == EXPECTED
    assert data.name == name
    assert data.notes == ()


def test_quoted_ids_may_hold_delimiters_and_newlines(tmp_path: Path) -> None:
    data = load(str(write(tmp_path, 'u,"a, b"\nu,"c\nd"\nu,"say ""e"""\n')))
    assert histories(data) == {"u": ["a, b", "c\nd", 'say "e"']}


@pytest.mark.parametrize(
    "times",
    [
        ("2024-03-01", "2024-02-29", "2024-03-02"),
        ("2024-03-01T10:00:00", "2024-03-01 09:59:59.5", "2024-03-01T10:00:01Z"),
        ("2024-03-01T10:00:00+02:00", "2024-03-01T07:30:00+00:00", "2024-03-01T09:00:00"),
        ("1700000000000000002", "1700000000000000001", "1700000000000000003"),
        ("0.5", "-1e-3", "1"),
    ],
)
def test_times(tmp_path: Path, times: tuple[str, str, str]) -> None:
    rows = "".join(f"u,{item},1,{time}\n" for item, time in zip("bac", times, strict=True))
    assert histories(load(str(write(tmp_path, rows)))) == {"u": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("u,a,1\nu,b\n", ":2", "expected 3 columns, found 2; correct or remove the line"),
        ("u,a,1\nu,b,1,1\n", ":2", "expected 3 columns, found 4; correct or remove the line"),
        ('u,"a\nb"\nu\n', ":3", "expected 2 columns, found 1; correct or remove the line"),
        (
            "u,a,1,5\nu,b,1,inf\n",
            ":2",
            "expected a number as timestamp (or a date like 2024-01-31), found 'inf'; "
            "correct or remove the line, or take the order of the rows: --columns time=none",
        ),
        (
            "u,a,1,2024-01-01\nu,b,1,2024-02-30\n",
            ":2",
            "expected a number as timestamp (or a date like 2024-01-31) (as '2024-01-01' in the "
            "first row), found '2024-02-30'; "
            "correct or remove the line, or take the order of the rows: --columns time=none",
        ),
        (
            "u,a,1,1e30\nu,b,1,1\n",
            ":1",
            "the timestamp 1e+30 is out of range; correct or remove the line, or take the order of "
            "the rows: --columns time=none",
        ),
        ("user,item\nu,a\n ,b\n", ":3", f"the user id is empty; {_MISSING}"),
        ("u,a\nu,\n", ":2", f"the item id is empty; {_MISSING}"),
        (
            "user,thing\nu,a\n",
            "",
            "no column is called item or the like among user, thing; say which it is: "
            "--columns item=NAME",
        ),
        (
            "a,b,c,d,e\n",
            "",
            "found 5 columns without known names ('a b c d e'); say which is which by their "
            "numbers: --columns user=1,item=2,time=4",
        ),
        (
            "justtext\n",
            "",
            "found one column only ('justtext'); say what separates user and item: "
            "--set separator=...",
        ),
        ('u,a\nu,"b\n', ":2", "unexpected end of data; correct the quotes in this line"),
        ("", "", "is empty; expected one row per interaction"),
        ("\r\n\n", "", "is empty; expected one row per interaction"),
        ("user,item\n", "", "has column names but no rows; expected one row per interaction"),
        (
            b"BLOB\x00\x01",
            "",
            "is a binary file; expected text, JSON lines, Parquet or Arrow",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str | bytes, line: str, says: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError) as error:
        load(str(path))
    assert str(error.value) == f"{path}{line}: {says}"


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: there is no such file; check the path"):
        load(str(tmp_path / "gone.csv"))
    with pytest.raises(DataError, match="is a folder; give the path of a file"):
        load(f"{tmp_path}/")


def test_users_with_few_interactions_can_be_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, "u,a\nv,z\nu,b\nw,a\nw,a\n")
    with pytest.raises(UsageError, match=r"option .min_interactions.* should be a valid integer"):
        load(str(path), options={"min_interactions": "2"})  # as everywhere, text is no number
    data = load(str(path), options={"min_interactions": 2})
    assert histories(data) == {"u": ["a", "b"]}
    assert data.item_ids.tolist() == ["a", "b"]
    assert data.notes == ("2 of 3 users have fewer than 2 interactions and were dropped",)
    with pytest.raises(DataError, match=r"t\.csv: no user has 9 interactions"):
        load(str(path), options={"min_interactions": 9})


def test_repeats_can_be_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "u,a\nu,b\nu,a\n")
    once = load(str(path))
    assert histories(once) == {"u": ["a", "b"]}
    assert (
        "1 of 3 rows repeat a user and an item, of which the first in time counts" in once.columns
    )
    every = load(str(path), options={"keep_repeats": True})
    assert histories(every) == {"u": ["a", "b", "a"]}
    assert "repeat" not in every.columns


def parquet(folder: Path, **columns: Any) -> Path:
    path = folder / "t.parquet"
    write_table(pyarrow.table(columns), path)
    return path


@pytest.mark.parametrize(
    "columns",
    [
        {"time": [20, 10, 1, 2], "item_id": ["a", "b", "a", "c"], "user": ["u1", "u1", "u2", "u2"]},
        {
            "user": ["u1", "u1", "u2", "u2"],
            "extra": [None, 1, 2, 3],
            "item": ["a", "b", "a", "c"],
            "timestamp": [datetime(2024, 1, day, tzinfo=UTC) for day in (2, 1, 1, 2)],
        },
        {
            "x": ["u1", "u1", "u2", "u2"],
            "y": ["a", "b", "a", "c"],
            "z": [1.0, 2.0, 3.0, 4.0],
            "t": [datetime(2024, 1, day, tzinfo=UTC).date() for day in (2, 1, 1, 2)],
        },
    ],
    ids=["numbers", "dates", "positions"],
)
def test_parquet(tmp_path: Path, columns: dict[str, Any]) -> None:
    assert histories(load(str(parquet(tmp_path, **columns)))) == EXPECTED


def test_parquet_of_whole_numbers(tmp_path: Path) -> None:
    data = load(str(parquet(tmp_path, user=[10, 10, 9, 9], item=[1, 2, 1, 2])))
    assert data.user_ids.tolist() == ["9", "10"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"user": ["u", None], "item": ["a", "b"]}, ":2: the user id is empty"),
        ({"user": ["u"], "item": ["a"], "time": [None]}, ":1: expected a number as timestamp"),
        (
            {"user": ["u"], "thing": ["a"]},
            ": no column is called item or the like among user, thing",
        ),
        ({"user": [], "item": []}, ": has no rows"),
    ],
)
def test_what_is_wrong_in_a_parquet_file(
    tmp_path: Path, columns: dict[str, Any], says: str
) -> None:
    path = parquet(tmp_path, **columns)
    with pytest.raises(DataError) as error:
        load(str(path))
    assert str(error.value).startswith(f"{path}{says}")


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    path = write(tmp_path, b"PAR1 but no more", "t.parquet")
    with pytest.raises(
        DataError, match=r"t\.parquet: is not a readable Parquet or Arrow file \(.+\)$"
    ):
        load(str(path))
