"""Files in every form, packed or not."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.own_tables import HISTORY, SECONDS, histories, parquet, table, write

from fedras.data import load

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
