"""Files as people have them: read right, or refused in one line that says what to do."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedras.data import Interactions, leave_one_out, load
from fedras.errors import DataError, UsageError

HISTORY = {"7": ["502", "503", "501"], "8": ["501", "503"]}
"""What most of these files say; the order is that of the times."""


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def histories(data: Interactions) -> dict[str, list[str]]:
    items = data.item_ids[data.items].tolist()
    bounds = zip(data.indptr[:-1].tolist(), data.indptr[1:].tolist(), strict=True)
    return {u: items[a:b] for u, (a, b) in zip(data.user_ids.tolist(), bounds, strict=True)}


def table(times: tuple[str, ...], header: str = "user,item,when", form: str = "{},{},{}") -> str:
    rows = zip("77788", ("501", "502", "503", "503", "501"), times, strict=True)
    return "\n".join([header, *(form.format(*row) for row in rows)]) + "\n"


SECONDS = ("1570096800", "1569924000", "1570010400", "1570183200", "1569927600")
FORMS: dict[str, tuple[str, str | bytes]] = {
    "commas": ("t.csv", table(SECONDS)),
    "tabs": ("t.tsv", table(SECONDS, "user\titem\ttime", "{}\t{}\t{}")),
    "semicolons": ("t.csv", table(SECONDS, "user;item;rating;time", "{};{};4,5;{}")),
    "semicolons without names": ("t.csv", table(SECONDS, "", "{};{};4,5;{}")),
    "bars": ("t.txt", table(SECONDS, "user|item|time", "{}|{}|{}")),
    "colons": ("ratings.dat", table(SECONDS, "", "{}::{}::5::{}")),
    "blanks": ("t.txt", table(SECONDS, "", "{} {} {}")),
    "many blanks": ("t.txt", table(SECONDS, "", "  {}   {}\t 3  {} ")),
    "windows": ("t.csv", table(SECONDS).replace("\n", "\r\n")),
    "utf-16": ("t.csv", codecs.BOM_UTF16_LE + table(SECONDS).encode("utf-16-le")),
    "utf-8 mark": ("t.csv", codecs.BOM_UTF8 + table(SECONDS).encode()),
    "recbole": (
        "t.inter",
        table(SECONDS, "user_id:token\titem_id:token\ttimestamp:float", "{}\t{}\t{}"),
    ),
    "index": ("t.csv", table(SECONDS, ",user,item,when", "0,{},{},{}")),
    "unnamed index": ("t.csv", table(SECONDS, "Unnamed: 0,user,item,when", "0,{},{},{}")),
    "R": ("t.txt", table(SECONDS, '"user" "item" "when"', '"1" "{}" "{}" {}')),
    "comments": ("t.txt", "# made by hand\n# it is small\n" + table(SECONDS, "", "{}\t{}\t{}")),
    "names in a comment": ("t.txt", "% " + table(SECONDS, "user item time", "{} {} {}")),
    "spreadsheet": ("t.csv", "sep=;\r\n" + table(SECONDS, "user;item;time", "{};{};{}")),
    "last separator": ("t.csv", table(SECONDS, "user,item,time", "{},{},{},")),
    "blank lines": ("t.csv", "\n" + table(SECONDS).replace("\n", "\n\n")),
    "no last newline": ("t.csv", table(SECONDS).rstrip("\n")),
    "quoted": ("t.csv", table(SECONDS, '"User-ID";"ISBN";"Date"', '"{}";"{}";"{}"')),
    "json": ("t.jsonl", table(SECONDS, "", '{{"user": {}, "x": [1], "item": "{}", "ts": {}}}')),
    "python": ("t.json", table(SECONDS, "", "{{u'user': u'{}', 'item': '{}', 'ts': {}}}")),
    "json array": (
        "t.json",
        "[" + table(SECONDS, "", '{{"user": {}, "item": {}, "ts": {}}},').strip()[:-1] + "]",
    ),
    "upper case": ("t.csv", table(SECONDS, "USER_ID,Item ID,Time Stamp")),
    "later letters": (
        "t.csv",
        table(SECONDS, "user,item,note,when", "{},{},\xe9\xff,{}").encode("latin-1"),
    ),
    "floats": ("t.csv", table(SECONDS, "user,item,when", "{}.0,{}.0,{}.0")),
    "padded": ("t.csv", table(SECONDS, "user , item , when", " {} , {} , {} ")),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(tmp_path: Path, form: str) -> None:
    name, content = FORMS[form]
    assert histories(load(str(write(tmp_path, content, name)))) == HISTORY


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/", b"")
        archive.writestr("data/t.csv", content)
        archive.writestr("__MACOSX/data/._t.csv", b"junk")
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zipped])
@pytest.mark.parametrize("form", ["commas", "utf-16", "json", "colons", "parquet"])
def test_packed(tmp_path: Path, pack: Callable[[bytes], bytes], form: str) -> None:
    if form == "parquet":
        whole = parquet(tmp_path, user=[7, 7], item=[1, 2]).read_bytes()
        assert histories(load(str(write(tmp_path, pack(whole), "t.bin")))) == {"7": ["1", "2"]}
        return
    content = FORMS[form][1]
    raw = content.encode() if isinstance(content, str) else content
    assert histories(load(str(write(tmp_path, pack(raw), "packed")))) == HISTORY


def parquet(folder: Path, **columns: Any) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    path = folder / "t.parquet"
    write_table(pyarrow.table(columns), path)
    return path


def test_lists_of_items(tmp_path: Path) -> None:
    path = write(tmp_path, "0 3 5 7\n1 5 9\n2 3 7 9 11\n3\n", "train.txt")
    assert histories(load(str(path))) == {
        "0": ["3", "5", "7"],
        "1": ["5", "9"],
        "2": ["3", "7", "9", "11"],
    }
    even = write(tmp_path, "0 3 5\n1 5 9\n", "even.txt")
    assert "rating=column 3" in load(str(even)).columns
    assert histories(load(str(even), options={"layout": "lists"})) == {
        "0": ["3", "5"],
        "1": ["5", "9"],
    }


def test_blocks_of_an_item(tmp_path: Path) -> None:
    path = write(tmp_path, "1:\n7,3,2005-09-06\n8,5,2005-05-13\n2:\n7,4,2005-09-05\n", "part_1.txt")
    assert histories(load(str(path))) == {"7": ["2", "1"], "8": ["1"]}


TIMES = {
    "utc": tuple(f"2019-10-0{d} 10:00:00 UTC" for d in (3, 1, 2, 4, 1)),
    "z": tuple(f"2019-10-0{d}T10:00:00.250Z" for d in (3, 1, 2, 4, 1)),
    "zones": (
        "2019-10-03T00:00:00+02:00",
        "2019-10-02T21:30:00Z",
        "2019-10-02 21:45:00+0000",
        "2019-10-04 10:00:00+05:30",
        "2019-10-04 04:00:00Z",
    ),
    "days": ("2019-10-03", "2019-10-01", "2019-10-02", "2019-10-04", "2019-10-01"),
    "slashes": ("2019/10/03", "2019/10/01", "2019/10/02", "2019/10/04", "2019/10/01"),
    "day first": (
        "13/10/2019 10:00",
        "1/10/2019 9:00",
        "2/10/2019 8:00",
        "4/10/2019 7:00",
        "1/10/2019 7:00",
    ),
    "month first": (
        "10/13/2019 8:55:22 AM",
        "10/1/2019 8:55:22 AM",
        "10/1/2019 8:55:22 PM",
        "10/4/2019 8:55:22 AM",
        "10/1/2019 1:00:00 AM",
    ),
    "points": ("03.10.2019", "01.10.2019", "02.10.2019", "04.10.2019", "31.01.2019"),
    "twitter": tuple(f"Tue Apr 0{d} 18:00:09 +0000 2012" for d in (3, 1, 2, 4, 1)),
    "mail": tuple(f"Tue, 0{d} Apr 2012 18:00:09" for d in (3, 1, 2, 4, 1)),
    "amazon": ("02 28, 2014", "02 1, 2014", "02 11, 2014", "03 1, 2014", "01 31, 2014"),
    "months": ("3 Oct 2019", "1 Oct 2019", "2 Oct 2019", "4 Oct 2019", "1 Oct 2019"),
    "thousands": tuple(f'"{int(s):,}"' for s in SECONDS),
    "milliseconds": tuple(f"{s}123" for s in SECONDS),
    "fractions": tuple(f"{s}.5" for s in SECONDS),
    "small": ("30", "10", "20", "40", "10"),
    "compact": ("20191003", "20191001", "20191002", "20191004", "20191001"),
}


@pytest.mark.parametrize("form", TIMES)
def test_times(tmp_path: Path, form: str) -> None:
    header = "user,item,when"
    content = table(TIMES[form], header, "{},{},{}")
    if "," in TIMES[form][0].strip('"') and form != "thousands":
        content = table(TIMES[form], "user|item|when", "{}|{}|{}")
    data = load(str(write(tmp_path, content)))
    assert histories(data) == HISTORY
    assert data.columns == "user=user, item=item, time=when"


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (
            ("1570096800", "1569924000000", "1570010400", "0", "1"),
            ":3: the timestamp 1569924000000 is in another unit",
        ),
        (("1570096800", "2019-10-01", "1", "2", "3"), ":3: expected a number as timestamp"),
        (
            ("2019-10-01", "2019-10-02", "1569924000", "2", "3"),
            ":4: expected a number as timestamp",
        ),
        (("04/05/2020 13:58", "05/04/2020", "1/2/2020", "2/3/2020", "3/4/2020"), ":3: expected"),
        (("04/05/2020", "05/04/2020", "1/2/2020", "2/3/2020", "3/4/2020"), "time_format=%d/%m/%Y"),
        (("31.04.2020", "01.04.2020", "02.04.2020", "03.04.2020", "04.04.2020"), ":2: expected"),
        (("", "1", "2", "3", "4"), ":2: expected a number as timestamp"),
        (("now", "now", "now", "now", "now"), ":2: expected a number as timestamp"),
    ],
)
def test_times_that_cannot_be_meant(tmp_path: Path, times: tuple[str, ...], says: str) -> None:
    path = write(tmp_path, table(times))
    with pytest.raises(DataError) as error:
        load(str(path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    load(str(path), options={"columns": "time=none"})


def test_a_given_style_of_dates(tmp_path: Path) -> None:
    times = ("04/05/2020", "05/04/2020", "06/04/2020", "06/04/2020", "05/04/2020")
    path = str(write(tmp_path, table(times)))
    assert histories(load(path, options={"time_format": "%d/%m/%Y"})) == HISTORY
    with pytest.raises(DataError, match=":2: the time '04/05/2020' is not written as %Y"):
        load(path, options={"time_format": "%Y"})


@pytest.mark.parametrize(
    ("content", "held_out", "columns"),
    [
        # the finer of two times
        (
            "user,item,date,timestamp\n7,a,2020-03-01,1583053200\n7,b,2020-03-01,1583049600\n"
            "8,b,2020-03-01,1583056800\n8,a,2020-03-01,1583050000\n",
            ["a", "b"],
            "user=user, item=item, time=timestamp; not used: date",
        ),
        # a day and a clock
        (
            "user,item,date,time\n7,a,2020-03-01,13:58\n7,b,2020-03-01,09:15\n8,b,2020-03-02,01:00\n"
            "8,a,2020-03-01,23:00\n",
            ["a", "b"],
            "user=user, item=item, time=date + time",
        ),
        # year, month and day
        (
            "userID\tartistID\ttagID\tday\tmonth\tyear\n7\ta\t1\t1\t4\t2009\n7\tb\t1\t1\t12\t2008\n"
            "8\tb\t1\t2\t4\t2009\n8\ta\t1\t1\t4\t2009\n",
            ["a", "b"],
            "user=userID, item=artistID, time=year + month + day; not used: tagID",
        ),
        # ids win over names
        (
            "user_name,user_id,movie,movie_id,timestamp\nA,7,Home,a,20\nA,7,Home,b,10\n"
            "A,8,Ring,a,1\nA,8,Ring,b,2\n",
            ["a", "b"],
            "user=user_id, item=movie_id, time=timestamp; not used: user_name, movie",
        ),
        # no time that is known
        (
            "customer,product,qty\n7,a,3\n7,b,1\n8,a,1\n8,b,5\n",
            ["b", "b"],
            "user=customer, item=product, time=none (order of the file); not used: qty",
        ),
        # the third column is a time
        (
            "7,a,1500000100\n7,b,1500000050\n8,a,1500000007\n8,b,1500000009\n",
            ["a", "b"],
            "user=column 1, item=column 2, time=column 3; by their order, not their names; if this "
            "is wrong: --columns user=1,item=2,...",
        ),
        # a name that is no time
        (
            "user,item,release_date,playtime\n7,a,2020-01-01,5\n7,b,2019-01-01,4\n8,a,2020-01-01,1\n",
            ["b", "a"],
            "user=user, item=item, time=none (order of the file); not used: release_date, playtime",
        ),
    ],
)
def test_how_columns_are_understood(
    tmp_path: Path, content: str, held_out: list[str], columns: str
) -> None:
    data = load(str(write(tmp_path, content)))
    assert data.columns == columns
    split = leave_one_out(data)
    assert (
        data.item_ids[split.held_out].tolist()[: len(held_out)] == held_out
        or min(split.held_out) < 0
    )


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "two items": ("user,asin,parent_asin\n1,a,b\n", {}, "asin and parent_asin may all be the item"),
    "two times": (
        "user,item,created_at,updated_at\n1,a,1,2\n1,b,2,1\n",
        {},
        "created_at and updated_at may both be the time",
    ),
    "twice": ("user,item,item\n1,a,b\n1,b,a\n", {}, "columns 2 and 3 are called item"),
    "lists": ('user,items\n1,"[10, 11]"\n2,"[10]"\n', {}, ":2: the item column holds lists"),
    "numbers for names": ("0,1,2\n5,6,7\n5,7,7\n", {}, "--set header=true or --set header=false"),
    "names of plays": (
        "u\tm\tThe Foos\t12\nu\tn\tThe Bars\t3\n",
        {},
        "found 4 columns without known names",
    ),
    "a matrix": ("nr,j1,j2\n74,-7.8,8.7\n100,4.08,-.29\n", {}, "without known names"),
    "old lines": ("user,item\r1,a\r", {}, "its lines end with CR alone"),
    "five columns": ("1,2,3,4,6\n2,3,4,5,7\n", {}, "found 5 columns without known names"),
    "dates for items": ("1,2014-04-07T10:51:09.277Z,214536502,0\n", {}, "without known names"),
    "missing": ("user,item\n1,a\nnan,b\n", {}, ":3: the user id is 'nan'"),
    "unknown column": ("user,item\n1,a\n", {"columns": "user=who"}, "there is no column 'who'"),
    "no row": ("user,item\n1,a\n", {"where": "item=b"}, "no row meets the conditions"),
    "unknown in a condition": ("user,item\n1,a\n", {"where": "event=b"}, "no column 'event'"),
    "no number": (
        "user,item,rating\n1,a,5\n1,b,good\n",
        {"min_rating": 3},
        ":3: expected a number, found 'good'",
    ),
    "no rating": ("user,item\n1,a\n", {"min_rating": 3}, "no column is called rating"),
    "a short row": ("user,item\n1,a\n1\n1,b\n", {}, ":3: expected 2 columns, found 1"),
    "an open quote": ('user,item\n1,"a\n1,b\n1,"c\n', {}, "quotes in this line"),
    "a short row of numbers": (
        "1 2 3\n" * 9 + "1 2\n",
        {},
        ":10: expected 3 columns, found 2; correct or remove the line, or --set layout=lists",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    content, options, says = REFUSED[case]
    with pytest.raises(DataError) as error:
        load(str(write(tmp_path, content)), options=options)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        (REFUSED["two items"][0], {"columns": "item=asin"}, {"1": ["a"]}),
        (REFUSED["two times"][0], {"columns": "time=updated_at"}, {"1": ["b", "a"]}),
        (REFUSED["twice"][0], {"columns": "item=3"}, {"1": ["b", "a"]}),
        (REFUSED["numbers for names"][0], {"header": True}, {"5": ["6", "7"]}),
        (REFUSED["numbers for names"][0], {"header": False}, {"0": ["1"], "5": ["6", "7"]}),
        (REFUSED["names of plays"][0], {"columns": "user=1,item=2"}, {"u": ["m", "n"]}),
        (REFUSED["missing"][0], {"missing": "drop"}, {"1": ["a"]}),
        (REFUSED["missing"][0], {"missing": "keep"}, {"1": ["a"], "nan": ["b"]}),
        ("a b;1\nc;2\n", {"separator": ";"}, {"a b": ["1"], "c": ["2"]}),
        (
            "user,item,event\n1,a,view\n1,b,buy\n2,b,add\n",
            {"where": "event=buy|add"},
            {"1": ["b"], "2": ["b"]},
        ),
        ("user,item,n\n1,a,3\n1,b,1\n2,b,\n", {"where": "n>=2"}, {"1": ["a"]}),
        ("user,item,e,n\n1,a,x,3\n1,b,y,9\n2,b,x,1\n", {"where": "e!=y, n<2"}, {"2": ["b"]}),
        ("user;item;rating\n1;a;4,5\n1;b;3,0\n2;b;\n", {"min_rating": 4}, {"1": ["a"]}),
        ("user,item,stars\n1,a,5\n1,b,2\n", {"min_rating": "3"}, {"1": ["a"]}),
    ],
)
def test_what_is_advised_can_be_done(
    tmp_path: Path, content: str, options: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    assert histories(load(str(write(tmp_path, content)), options=options)) == expected


def test_a_core(tmp_path: Path) -> None:
    path = write(tmp_path, "user,item\n1,a\n1,b\n2,a\n2,b\n3,b\n3,c\n4,c\n")
    options = {"min_interactions": 2, "min_item_interactions": 2}
    assert histories(load(str(path), options=options)) == {"1": ["a", "b"], "2": ["a", "b"]}


def test_a_given_test(tmp_path: Path) -> None:
    train = write(tmp_path, "1 10 11 12\n2 10\n3 12 13 14 15\n", "train.txt")
    test = write(tmp_path, "1 13 14\n2 11 12 15\n3 12 11\n9 10 11 12 13 14\n", "test.txt")
    data = load(str(train), options={"test": str(test)})
    split = leave_one_out(data)
    assert histories(data)["1"] == ["10", "11", "12", "13", "14"]
    assert data.item_ids[split.held_out].tolist() == ["14", "15", "11"]
    assert data.item_ids[split.items].tolist() == ["10", "11", "12", "10", "12", "13", "14", "15"]
    assert data.notes == ("1 users of the test have no interactions to train on: left out",)
    tuning = leave_one_out(data, validation=True)
    assert data.item_ids[tuning.held_out].tolist()[::2] == ["12", "15"]
    assert tuning.held_out[1] == -1


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


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with pytest.raises(DataError, match="is a pipe or a device"):
            load(str(path))
    (tmp_path / "inside.csv").touch()
    with pytest.raises(DataError, match=r"is a folder; give the path of a file in it, such as ins"):
        load(f"{tmp_path}/")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(table(SECONDS).encode())[:-9], "is damaged"),
        (bz2.compress(table(SECONDS).encode())[:-5], "is damaged"),
        (b"PK\x03\x04" + b"x" * 50, "is damaged"),
        (b"SQLite format 3\0" + b"\0" * 90, "sqlite:///FILE and a table"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 90, "HDF5"),
        (b"\x80\x04\x95" + b"\0" * 90, "pickle"),
        (b"PAR1" + b"\0" * 90, "is not a readable Parquet or Arrow file"),
        (b"ARROW1\0\0" + b"\0" * 90, "is not a readable Parquet or Arrow file"),
        (
            b'{"user": 1, "item": 2}\n{"user": [1], "item": 2}\n',
            ":2: the field 'user' holds an array",
        ),
        (b'{"user": 1, "item": 2}\n{"user": 1, "ite\n', ":2: is not a JSON object"),
        (b'{"user": 1, "item": 2}\n[1]\n', ":2: is not a JSON object"),
    ],
)
def test_damage_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(DataError) as error:
        load(str(write(tmp_path, content, "t.bin")))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_an_archive_of_two_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", "user,item\n1,a\n")
        archive.writestr("b.csv", "user,item\n1,a\n")
    with pytest.raises(DataError, match=r"holds 2 files instead of one \(a\.csv, b\.csv\)"):
        load(str(tmp_path / "t.zip"))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_expands_beyond_measure_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedras.data.forms.opening._FREE", 1 << 20)
    bomb = pack(b"user,item\n" + b"1,2\n" * (1 << 20))
    with pytest.raises(DataError, match="expands to more than 200 times its size"):
        load(str(write(tmp_path, bomb, "t.gz")))


def test_a_parquet_file_that_expands_beyond_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedras.data.forms.columnar._FREE", 1 << 10)
    path = parquet(tmp_path, user=[1] * 1_000_000, item=[2] * 1_000_000)
    with pytest.raises(DataError, match=r"expands to [\d,]+ bytes, more than 200 times its size"):
        load(str(path))


@pytest.mark.parametrize("write_file", ["write_feather", "stream"])
def test_arrow_files(tmp_path: Path, write_file: str) -> None:
    import pyarrow as pa
    from pyarrow import feather

    rows = pa.table({"user": [7, 7], "item": ["b", "a"], "time": [2, 1]})
    path = tmp_path / "t.feather"
    if write_file == "write_feather":
        feather.write_feather(rows, str(path))
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, rows.schema) as stream:
            stream.write_table(rows)
    assert histories(load(str(path))) == {"7": ["a", "b"]}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"user": [b"7", b"7"], "item": [b"501", b"502"]}, {"7": ["501", "502"]}),
        ({"user": [7.0, 7.0], "item": [501.0, 502.0]}, {"7": ["501", "502"]}),
        ({"user": [7, 7], "item": [1, 2], "rating": [5.0, None]}, {"7": ["1", "2"]}),
        (
            {"user": ["a", "a"], "item": [1, 2], "x": [[1], [2]], "y": [{"z": 1}, None]},
            {"a": ["1", "2"]},
        ),
    ],
)
def test_types_of_columns(
    tmp_path: Path, columns: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    assert histories(load(str(parquet(tmp_path, **columns)))) == expected


@pytest.mark.parametrize("value", [[[1], [2]], [{"a": 1}, {"a": 2}]])
def test_structures_are_no_ids(tmp_path: Path, value: list[Any]) -> None:
    with pytest.raises(DataError, match=r"t\.parquet:1: the user column holds"):
        load(str(parquet(tmp_path, user=value, item=[1, 2])))


def test_columns_of_one_name(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    arrays = [pa.array(each) for each in ([7, 7], [1, 2], [5, 6], [0, 0])]
    write_table(pa.Table.from_arrays(arrays, ["user", "item", "item", "x"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="columns 2 and 3 are called item"):
        load(str(tmp_path / "t.parquet"))
    found = load(str(tmp_path / "t.parquet"), options={"columns": "item=3"})
    assert histories(found) == {"7": ["5", "6"]}


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
