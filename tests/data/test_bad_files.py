"""What is no file, damaged or expands beyond measure, and types of columns."""

import bz2
import gzip
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from helpers.own_tables import SECONDS, histories, parquet, table, write
from pyarrow import ipc
from pyarrow.parquet import write_table

from fedras.data import load
from fedras.errors import DataError


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


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_arrow_file_that_expands_beyond_measure(
    tmp_path: Path, compression: str, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedras.data.forms.columnar._FREE", 1 << 10)
    few = {"user": ["1", "2"], "item": ["2", "3"], "note": ["", "x" * 30_000_000]}
    path = arrow(tmp_path, pa.table(few), compression, stream)
    assert path.stat().st_size < 200_000
    with pytest.raises(DataError, match=r"expands to 30,000,\d+ bytes, more than 200 times its si"):
        load(str(path))
    monkeypatch.undo()
    assert histories(load(str(path))) == {"1": ["2"], "2": ["3"]}


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_a_long_text_in_every_row(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedras.data.forms.columnar._FREE", 1 << 10)
    again = pa.DictionaryArray.from_arrays(np.zeros(10_000, np.int32), ["x" * 10_000])
    columns = pa.table({"user": again, "item": [1] * 10_000})
    path = tmp_path / "t"
    if form == "arrow":
        arrow(tmp_path, columns, "zstd", False).rename(path)
    else:
        write_table(columns.set_column(0, "user", again.cast(pa.string())), path)
    with pytest.raises(DataError, match=r"expands to 100,000,000 bytes, .*; shorten the texts"):
        load(str(path))


def test_a_damaged_arrow_file_is_one_line_or_what_it_was(tmp_path: Path) -> None:
    """One byte is another: nothing crashes, and nothing is allocated without end."""
    columns = pa.table(
        {"user": ["1", "1", "2"], "item": pa.array(["a", "b", "a"]).dictionary_encode()}
    )
    path = arrow(tmp_path, columns, "lz4", True)
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x81]) + whole[place + 1 :])
        try:
            load(str(path))
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 -- most, but not all, are errors


def arrow(folder: Path, columns: Any, compression: str, stream: bool) -> Path:
    """Write a stream of Arrow, or a file, which is also called Feather."""
    path = folder / "t.arrow"
    options = ipc.IpcWriteOptions(compression=compression)
    new = ipc.new_stream if stream else ipc.new_file
    with new(path, columns.schema, options=options) as writer:
        writer.write_table(columns)
    return path
