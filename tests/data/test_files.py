import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fedras.data import Interactions, load
from fedras.errors import DataError


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def histories(data: Interactions) -> dict[str, list[str]]:
    return {
        user: data.item_ids[data.items[data.indptr[i] : data.indptr[i + 1]]].tolist()
        for i, user in enumerate(data.user_ids.tolist())
    }


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
            "u,a,1\nu,b,nan\n",
            ":2",
            "expected a number as rating, found 'nan'; correct or remove the line",
        ),
        (
            "u,a,1\nu,b,\n",
            ":2",
            "expected a number as rating, found ''; correct or remove the line",
        ),
        (
            "u,a,1,5\nu,b,1,inf\n",
            ":2",
            "expected a number as timestamp (or a date like 2024-01-31), found 'inf'; "
            "correct or remove the line",
        ),
        (
            "u,a,1,2024-01-01\nu,b,1,2024-02-30\n",
            ":2",
            "expected a number as timestamp (or a date like 2024-01-31), found '2024-02-30'; "
            "correct or remove the line",
        ),
        (
            "u,a,1,1e30\nu,b,1,1\n",
            ":1",
            "the timestamp 1e30 is out of range; correct or remove the line",
        ),
        ("user,item\nu,a\n ,b\n", ":3", "the user id is empty; correct or remove the line"),
        ("u,a\nu,\n", ":2", "the item id is empty; correct or remove the line"),
        (
            "user,thing\nu,a\n",
            ":1",
            "expected columns called user and item, found user, thing; rename them",
        ),
        (
            "a,b,c,d,e\n",
            ":1",
            "expected user,item[,rating[,timestamp]], found 5 columns in 'a b c d e'; "
            "name the columns in the first line",
        ),
        (
            "just text\n",
            ":1",
            "expected user,item[,rating[,timestamp]], found 1 columns in 'just text'; "
            "name the columns in the first line",
        ),
        ('u,a\nu,"b\n', ":2", "unexpected end of data; correct the quotes in this line"),
        (b"u,a\nu,\xff\n", ":2", "is not UTF-8 text; convert the file to UTF-8"),
        ("", "", "is empty; expected rows of user,item[,rating[,timestamp]]"),
        ("\r\n\n", "", "is empty; expected rows of user,item[,rating[,timestamp]]"),
        ("user,item\n", "", "has column names but no rows; expected one row per interaction"),
        (
            b"PAR1\x00\x01",
            "",
            "is a binary file; expected CSV, TSV, or Parquet named .parquet",
        ),
        (
            "u,a\nu,b\nv,a\nv,a\nw,b\n",
            ":3",
            "user 'v' has one item only (and so have 1 more), and leave-one-out evaluation needs "
            "two; --set min_interactions=2 drops such users",
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
    with pytest.raises(DataError, match="is a folder; give the path of a CSV"):
        load(f"{tmp_path}/")


def test_users_with_few_interactions_can_be_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, "u,a\nv,z\nu,b\nw,a\nw,a\n")
    data = load(str(path), options={"min_interactions": "2"})
    assert histories(data) == {"u": ["a", "b"]}
    assert data.item_ids.tolist() == ["a", "b"]
    assert data.notes == ("2 of 3 users have fewer than 2 interactions and were dropped",)
    with pytest.raises(DataError, match=r"t\.csv: no user has 9 interactions; choose a smaller"):
        load(str(path), options={"min_interactions": 9})


def test_repeats_can_be_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "u,a\nu,b\nu,a\n")
    assert histories(load(str(path))) == {"u": ["a", "b"]}
    assert histories(load(str(path), options={"keep_repeats": True})) == {"u": ["a", "b", "a"]}


def parquet(folder: Path, **columns: Any) -> Path:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow.parquet import write_table

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
        ({"user": ["u"], "item": ["a"], "rating": [float("nan")]}, ":1: expected a number as rat"),
        ({"user": ["u"], "item": ["a"], "time": [None]}, ":1: expected a number as timestamp"),
        ({"user": ["u"], "thing": ["a"]}, ": expected columns called user and item, found"),
        ({"user": ["u", "u", "v"], "item": ["a", "b", "a"]}, ":3: user 'v' has one item only,"),
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
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = write(tmp_path, b"PAR1 but no more", "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: is not a readable Parquet file \(.+\)$"):
        load(str(path))


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r'need pyarrow; run: pip install "fedras\[parquet\]"$'):
        load(str(write(tmp_path, b"PAR1", "t.parquet")))
