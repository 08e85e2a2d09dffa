"""Cells and files that are odd, but not rare: each is read right, or refused in one line."""

import json
import uuid
import zipfile
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow as pa
import pytest
from helpers.own_tables import histories, parquet, write

from fedras.data import check, interactions_from, load
from fedras.errors import DataError

USERS, ITEMS, TIMES = ["u1", "u1", "u2", "u2"], ["a", "b", "a", "c"], [3, 1, 1, 2]
EXPECTED = {"u1": ["b", "a"], "u2": ["a", "c"]}


@pytest.mark.parametrize(
    ("cells", "ids", "remark"),
    [
        (["1.0", "1", "2.0", "2"], ["1", "2"], "(1.0 is 1)"),
        (["1", "1.00", "02", "2"], ["02", "1", "2"], "(1.00 is 1)"),
        (["1.5", "1.0", "2", "2"], ["1.0", "1.5", "2"], "user,"),
        (["1.0", "1", "v2.0", "2"], ["1", "1.0", "2", "v2.0"], "user,"),
        (["1e5", "100000", "2", "3"], ["100000", "1e5", "2", "3"], "(1e5 is not taken for 100000)"),
        (["1e+05", "7", "2", "3"], ["1e+05", "2", "3", "7"], "(1e+05 is not taken for 100000)"),
        (["1.2E+11", "7", "2", "3"], ["1.2E+11", "2", "3", "7"], "spreadsheet cut short"),
        (["3e8", "7f2", "a1", "b"], ["3e8", "7f2", "a1", "b"], "user,"),
    ],
)
def test_ids_that_are_numbers(
    tmp_path: Path, cells: list[str], ids: list[str], remark: str
) -> None:
    lines = [f"{user},{item}" for user, item in zip(cells, ITEMS, strict=True)]
    found = load(str(write(tmp_path, "\n".join(["user,item", *lines]))))
    assert sorted(found.user_ids.tolist()) == ids
    assert remark in f"{found.columns},".replace("user=user,", "user,")


@pytest.mark.parametrize(
    "times",
    [
        pa.array(np.array(TIMES, np.float16)),
        pa.array(TIMES, pa.duration("s")),
        pa.array(["2020-01-03", "2020-01-01", "2020-01-01", "2020-01-02"]).dictionary_encode(),
        pa.array(["2020-01-03", "2020-01-01", "2020-01-01", "2020-01-02"], pa.string_view()),
        pa.array([t * 86_400_000 for t in TIMES], pa.date64()),
        pa.array([Decimal(t) for t in TIMES]),
        pa.array([t * 10**10 for t in TIMES], pa.timestamp("us")),
    ],
    ids=lambda times: str(times.type),
)
def test_types_of_times(times: Any) -> None:
    table = pa.table({"user": USERS, "item": ITEMS, "time": times})
    assert histories(interactions_from(table)) == EXPECTED


@pytest.mark.parametrize(
    "clock", [pa.array(TIMES, pa.time32("s")), ["10:03", "10:01", "10:01", "10:02"]]
)
def test_a_day_and_a_clock(tmp_path: Path, clock: Any) -> None:
    days = pa.array([1, 1, 1, 1], pa.date32())
    path = parquet(tmp_path, user=USERS, item=ITEMS, date=days, time=clock)
    found = load(str(path))
    assert histories(found) == EXPECTED
    assert "time=date + time" in found.columns


@pytest.mark.parametrize(
    ("columns", "options", "says"),
    [
        ({"time": pa.array([2**63 + 3, 1, 1, 2], pa.uint64())}, {}, ":1: .* is out of range"),
        ({"time": [3, None, 1, 2]}, {}, ":2: .* found nothing; .* --set missing=drop"),
        ({"time": [[1]] * 4}, {}, ":1: expected a number as timestamp .*, found a list"),
        ({"ok": [[1]] * 4}, {"where": "ok=1"}, ":1: expected a number or a text, found a list"),
        ({"ok": [{"a": 1}] * 4}, {"where": "ok>1"}, ":1: expected a number or a text, found a str"),
        ({"rating": [[1]] * 4}, {"min_rating": 1}, ":1: expected a number or a text, found a list"),
        (
            {"year": [2020] * 4, "month": [1] * 4, "day": [1, 2, 3, "x"]},
            {"columns": "time=year+month+day"},
            ":4: expected numbers for the time, found '2020 1 x'",
        ),
        ({}, {"min_interactions": 5}, ": no user has 5 interactions; choose a smaller min_int"),
        (
            {},
            {"min_item_interactions": 9},
            "with items that 9 users have; choose a smaller min_item_",
        ),
    ],
)
def test_cells_that_cannot_be_meant(
    tmp_path: Path, columns: dict[str, Any], options: dict[str, Any], says: str
) -> None:
    if "day" in columns:
        columns = {name: list(map(str, cells)) for name, cells in columns.items()}
    path = parquet(tmp_path, user=USERS, item=ITEMS, **columns)
    with pytest.raises(DataError, match=says) as error:
        load(str(path), options=options)
    assert "\n" not in str(error.value)


def test_words_for_nothing_in_a_dictionary_are_dropped(tmp_path: Path) -> None:
    days = pa.array(["2020-01-03", "NULL", "2020-01-01", "2020-01-02"]).dictionary_encode()
    path = parquet(tmp_path, user=USERS, item=ITEMS, time=days)
    found = load(str(path), options={"missing": "drop"})
    assert histories(found) == {"u1": ["a"], "u2": ["a", "c"]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("user,item\n1,2\n1,3\n".encode("utf-32"), "is UTF-32 text; save it as UTF-8"),
        ("user,item\n1,2\n1,3\n".encode("utf-16-le"), "is UTF-16 text without a mark"),
        ("user,item\n1,2\n1,3\n".encode("utf-16-be"), "is UTF-16 text without a mark"),
        (b"<!DOCTYPE html>\n<html>404, not found</html>\n", "is a web page or XML"),
        (b"<?xml version='1.0'?>\n<a><b u='1' i='2'/></a>\n", "is a web page or XML"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 50, "is packed with Zstandard"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 50, "is a 7-Zip archive"),
        (b'{"data": [{"user": 1, "item": 2}]}', "is one object around an array, 'data'"),
        (b",i1,i2,i3\nu1,5,4,3\nu2,1,4,1\n", "found 4 columns without known names"),
        (b"user,item,x\n1,2," + b"x" * (17 << 20) + b"\n1,3,y\n", ":2: the line has more than 16"),
        (b'{"user": 1, "item": NaN}\n{"user": 1, "item": 2}\n', ":1: the item id is nan"),
        (
            b'{"user": 1, "item": 2}\n{"user": NaN, "item": [2]}\n',
            ":2: the field 'item' holds an ar",
        ),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_files_that_are_something_else(tmp_path: Path, content: bytes, says: str) -> None:
    path = write(tmp_path, content, "t.csv")
    with pytest.raises(DataError) as error:
        load(str(path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_archives_that_need_more(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv.gz", b"\x1f\x8b\x08" + b"\0" * 30)
    with pytest.raises(DataError, match="is packed twice"):
        load(str(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", "user,item\n1,2\n")
    packed = bytearray(path.read_bytes())
    packed[6] |= 1
    packed[packed.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(packed)
    with pytest.raises(DataError, match="is encrypted; unpack it"):
        load(str(path))


@pytest.mark.parametrize(
    "row",
    [
        "u1,a,{}\nu1,b,y\n",
        '{{"user": "u1", "item": "a", "x": "{}"}}\n{{"user": "u1", "item": "b"}}\n',
    ],
)
def test_a_long_cell_in_the_first_row(tmp_path: Path, row: str) -> None:
    header = "" if row.startswith("{") else "user,item,x\n"
    path = write(tmp_path, header + row.format("x" * 3_000_000), "t")
    assert histories(load(str(path))) == {"u1": ["a", "b"]}


def test_a_first_line_that_may_have_names_is_said(tmp_path: Path) -> None:
    said = "the first line is taken for a row, if it has names: --set header=true"
    path = write(tmp_path, "a,b\nann,dune\nann,alien\n")
    assert said in load(str(path)).columns
    named = load(str(path), options={"header": True})
    assert named.columns.startswith("user=a, item=b")
    assert histories(named) == {"ann": ["dune", "alien"]}
    assert said not in load(str(write(tmp_path, "1,dune\n1,alien\n"))).columns


@pytest.mark.parametrize("lines", [True, False])
def test_what_python_writes_and_json_lacks(tmp_path: Path, lines: bool) -> None:
    """NaN in a field that is not used refuses nothing; truth values and any numbers are ids."""
    rows = [
        {"user": True, "item": 2**70, "x": float("nan")},
        {"user": True, "item": 1.5, "x": float("inf")},
        {"user": False, "item": 2**70, "x": 1},
    ]
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    found = load(str(write(tmp_path, text, "t.json")))
    assert histories(found) == {"false": [str(2**70)], "true": [str(2**70), "1.5"]}


Loan = namedtuple("Loan", ("user", "item", "ts"))


@dataclass
class Visit:
    """A row as programs have them."""

    user: str
    item: str
    ts: int


def frame(**more: Any) -> pandas.DataFrame:
    return pandas.DataFrame({"user": USERS, "item": ITEMS, "ts": TIMES} | more)


@pytest.mark.parametrize(
    "make",
    [
        lambda: frame(x=[object(), 1, "a", None]),
        lambda: frame(x=[1j] * 4),
        lambda: frame(x=pandas.arrays.SparseArray([0, 0, 1, 0])),
        lambda: frame(x=[object()] * 4).set_index("user"),
        lambda: frame().astype({"user": "category"}),
        lambda: list(map(Loan, USERS, ITEMS, TIMES)),
        lambda: list(map(Visit, USERS, ITEMS, TIMES)),
    ],
)
def test_frames_and_rows(make: Callable[[], Any]) -> None:
    """A column that is not used may hold anything, in memory too."""
    assert histories(interactions_from(make())) == EXPECTED


@pytest.mark.parametrize(
    ("users", "ids"),
    [
        ([1, "1", 2, "x"], {"1", "2", "x"}),
        ([2**70, 2**70, 5, 5], {"5", str(2**70)}),
        ([uuid.UUID(int=1)] * 2 + [uuid.UUID(int=2)] * 2, {str(uuid.UUID(int=n)) for n in (1, 2)}),
        ([1, 1.0, 2, 2.0], {"1", "2"}),
    ],
)
def test_ids_of_any_type(users: list[Any], ids: set[str]) -> None:
    for table in (
        pandas.DataFrame({"user": pandas.Series(users, dtype=object), "item": ITEMS}),
        list(zip(users, ITEMS, strict=True)),
        {"user": users, "item": ITEMS},
    ):
        assert set(interactions_from(table).user_ids.tolist()) == ids


def test_missing_ids_among_ids_of_all_types() -> None:
    table = pandas.DataFrame({"user": pandas.Series([1, "x", None, float("nan")]), "item": ITEMS})
    with pytest.raises(DataError, match=r'table:3: the user id is empty; .* missing="drop"'):
        interactions_from(table)


def test_histories_by_user_are_not_taken_for_columns() -> None:
    with pytest.raises(DataError, match="no column is called user or item among u1, u2"):
        interactions_from({"u1": ["a", "b"], "u2": ["a", "c"]})
    assert len(interactions_from({0: USERS, 1: ITEMS})) == 4


def test_a_column_that_comes_twice_in_a_frame() -> None:
    table = pandas.DataFrame([[1, 2, 3]], columns=["user", "item", "item"])
    with pytest.raises(DataError, match=r'columns 2 and 3 are called item; .* columns="item=2"'):
        interactions_from(table)


def test_titles_in_any_form(tmp_path: Path) -> None:
    path = write(tmp_path, "item,title\na,Alpha\nb,Beta\n", "titles.csv")
    for titles in (
        {"a": "Alpha", "b": "Beta", "c": None},
        [("a", "Alpha"), ("b", "Beta")],
        pandas.Series({"a": "Alpha", "b": "Beta"}),
        path,
        str(path),
    ):
        found = interactions_from({"user": USERS, "item": ITEMS}, items=titles)
        assert found.titles is not None
        assert found.titles.tolist() == ["Alpha", "Beta", "c"]


def test_what_training_takes_is_near_what_was_measured() -> None:
    """222 MB of `synthetic` on two cores; its rounds are faster than those of ML-100K, 5 ms."""
    found = check("synthetic")
    assert 200 < found["memory_mb"] < 270
    assert 1 < found["seconds"] < 2.6
    larger = check("synthetic", options={"users": 20_000, "items": 4_000, "interactions": 800_000})
    assert np.all([larger[name] > 1.2 * found[name] for name in ("memory_mb", "seconds")])
