"""Files of rows: ids that people list, and recommendations that they take away."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from fedras.errors import DataError, UsageError
from fedras.whole_files import writing

Rows = Iterable[Sequence[Any]]

_PARQUET_BLOCK = 1 << 16  # rows


def read_ids(path: Path, kind: str) -> list[str]:
    """Read ids, one a line, or those in the column of a CSV, TSV or Parquet file.

    Parameters
    ----------
    path
        The file; it is a table if it has a column called ``kind``, ``kind_id`` or the like.
    kind
        ``"user"`` or ``"item"``.

    Raises
    ------
    DataError
        If it cannot be read, or holds no ids.
    """
    ids = _parquet_ids(path, kind) if path.suffix.lower() == ".parquet" else _text_ids(path, kind)
    if not ids:
        raise DataError(f"{path}: holds no {kind}s; give one id a line")
    return list(dict.fromkeys(ids))


def require_writable(path: Path) -> None:
    """Raise UsageError if `write_rows` cannot write a file of this name here."""
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise UsageError(f"cannot write {path}: its name must end with {', '.join(_WRITERS)}")
    if suffix == ".parquet":
        _require_pyarrow(path)


def write_rows(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write a table in the form that the path's ending says, whole or not at all.

    Raises
    ------
    UsageError
        If there is no such form, or pyarrow is missing.
    FedrasError
        If it cannot be written.
    """
    require_writable(path)
    with writing(path) as file:
        _WRITERS[path.suffix.lower()](file, columns, rows)


def _write_csv(file: BinaryIO, columns: Sequence[str], rows: Rows) -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    text.detach()


def _write_jsonl(file: BinaryIO, columns: Sequence[str], rows: Rows) -> None:
    for row in rows:
        line = dict(zip(columns, row, strict=True))
        file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def _write_parquet(file: BinaryIO, columns: Sequence[str], rows: Rows) -> None:
    import pyarrow as pa  # noqa: PLC0415 -- optional
    from pyarrow import parquet  # noqa: PLC0415

    types = [(name, pa.type_for_alias(_type(name))) for name in columns]
    schema, left = pa.schema(types), iter(rows)
    with parquet.ParquetWriter(file, schema) as table:
        while block := list(islice(left, _PARQUET_BLOCK)):
            cells = [list(column) for column in zip(*block, strict=True)]
            table.write_table(pa.table(cells, schema=schema))


def _type(column: str) -> str:
    """Return what a column holds in Parquet: ranks, scores and metrics are numbers."""
    if column.startswith("rank"):
        return "int64"
    return "float64" if column == "score" or "@" in column else "string"


_WRITERS: dict[str, Callable[[BinaryIO, Sequence[str], Rows], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}


def _text_ids(path: Path, kind: str) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8 text; convert the file to UTF-8") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    delimiter = max(",\t;|", key=(lines or [""])[0].count)
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        place = _place(next(table, []), kind)
        if place is None:
            return lines
        return [cells[place].strip() for cells in table]
    except (csv.Error, IndexError):
        at = f"{path}: line {table.line_num} of those that are not empty"
        raise DataError(f"{at} has no {kind}, unlike the first; correct it") from None


def _parquet_ids(path: Path, kind: str) -> list[str]:
    _require_pyarrow(path)
    import pyarrow  # noqa: PLC0415 -- optional
    from pyarrow import parquet  # noqa: PLC0415

    try:
        names = parquet.read_schema(path).names
        place = _place(names, kind)
        if place is None:
            raise DataError(f"{path}: has no column {kind}; its columns are {', '.join(names)}")
        column = parquet.read_table(path, columns=[names[place]]).column(0)
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path}: is not a readable Parquet file ({reason[:120]})") from None
    return [str(value) for value in column.to_pylist() if value is not None]


def _place(names: Sequence[str], kind: str) -> int | None:
    """Return which of the names is ``kind``, ``kind_id`` or the like; None if it is not one."""
    plain = [name.strip().lower().replace("_", "").removesuffix("id") for name in names]
    return plain.index(kind) if plain.count(kind) == 1 else None


def _require_pyarrow(path: Path) -> None:
    if find_spec("pyarrow") is None:
        raise UsageError(
            f'{path}: Parquet files need pyarrow; run: pip install "fedras[parquet]", or use CSV'
        )
