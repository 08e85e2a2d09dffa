"""Rows of a user's table, checked one by one, so that a message can name the line."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fedras.data.table import read_bytes
from fedras.errors import DataError

Row = tuple[int, str, str, int | float | None]
"""Line number, user id, item id, and the time if the table has one."""

_ORDER = ("user", "item", "rating", "timestamp")
_NAMES = {
    "user": "user users userid uid customer customerid reviewerid",
    "item": "item items itemid iid movie movieid film filmid artist artistid product productid "
    "book bookid isbn song songid track trackid asin",
    "rating": "rating ratings score stars overall",
    "timestamp": "timestamp timestamps time date datetime unixreviewtime",
}
_MEANING = {name: column for column, names in _NAMES.items() for name in names.split()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_TIME = 2**63


@dataclass(frozen=True)
class Columns:
    """Where the four columns stand; rating and timestamp may be missing."""

    width: int
    user: int
    item: int
    rating: int | None = None
    timestamp: int | None = None

    def used(self) -> dict[str, int]:
        """Return the columns that there are, with their places."""
        places = {"user": self.user, "item": self.item}
        optional = {"rating": self.rating, "timestamp": self.timestamp}
        return places | {name: place for name, place in optional.items() if place is not None}


def named_columns(cells: Sequence[str], where: str) -> Columns | None:
    """Read ``cells`` as the names of columns; None if they are data.

    Raises
    ------
    DataError
        If there are known names among them, but not those of a user and an item column.
    """
    plain = (cell.split(":")[0].lower() for cell in cells)
    meanings = [_MEANING.get(name.translate({32: None, 45: None, 95: None})) for name in plain]
    places = {m: meanings.index(m) for m in _ORDER if m in meanings}
    if not places:
        return None
    if "user" not in places or "item" not in places:
        raise DataError(
            f"{where}: expected columns called user and item, found {', '.join(cells)[:80]}; "
            f"rename them"
        )
    return Columns(len(cells), **places)


def positional_columns(cells: Sequence[str], where: str) -> Columns:
    """Take the columns to be user, item, rating and timestamp, as many as there are.

    Raises
    ------
    DataError
        If there are fewer than two or more than four.
    """
    if not 2 <= len(cells) <= len(_ORDER):
        raise DataError(
            f"{where}: expected user,item[,rating[,timestamp]], found {len(cells)} columns in "
            f"{' '.join(cells)[:80]!r}; name the columns in the first line"
        )
    return Columns(len(cells), *range(len(cells)))


def checked(
    rows: Iterable[tuple[int, Sequence[str]]], columns: Columns, path: Path
) -> Iterator[Row]:
    """Check each row and yield what is needed of it.

    Raises
    ------
    DataError
        At the first row that is malformed.
    """
    c = columns
    for line, cells in rows:
        try:
            if len(cells) != c.width:
                raise ValueError(f"expected {c.width} columns, found {len(cells)}")
            user, item = cells[c.user].strip(), cells[c.item].strip()
            if not user or not item:
                raise ValueError(f"the {'item' if user else 'user'} id is empty")
            if c.rating is not None:
                _number(cells[c.rating], "rating")
            time = None if c.timestamp is None else _time(cells[c.timestamp])
        except ValueError as error:
            raise DataError(f"{path}:{line}: {error}; correct or remove the line") from None
        yield line, user, item, time


def text_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV or TSV file.

    Raises
    ------
    DataError
        If the file is not a text table, is empty, or has a malformed row.
    """
    lines = _lines(path, _text(path))
    first = next(lines, None)
    if first is None:
        raise DataError(f"{path}: is empty; expected rows of user,item[,rating[,timestamp]]")
    line, cells = first
    columns = named_columns(cells, f"{path}:{line}")
    if columns is None:
        columns = positional_columns(cells, f"{path}:{line}")
        yield from checked([first], columns, path)
        yield from checked(lines, columns, path)
        return
    second = next(lines, None)
    if second is None:
        raise DataError(f"{path}: has column names but no rows; expected one row per interaction")
    yield from checked([second], columns, path)
    yield from checked(lines, columns, path)


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that is not blank, with the line's number."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1  # a quoted cell may span lines
    except csv.Error as error:
        raise DataError(f"{path}:{line}: {error}; correct the quotes in this line") from None


def _text(path: Path) -> str:
    raw = read_bytes(path)
    if b"\0" in raw:
        raise DataError(f"{path}: is a binary file; expected CSV, TSV, or Parquet named .parquet")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: is not UTF-8 text; convert the file to UTF-8") from None


def _delimiter(text: str) -> str:
    """Return the delimiter that the first line with anything in it uses most."""
    first = text.lstrip().partition("\n")[0]
    return max((",", "\t", ";", "|"), key=first.count)


def _number(text: str, column: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"expected a number as {column}, found {text[:40]!r}")
    return value


def _time(text: str) -> int | float:
    """Return a number as it is and a date in microseconds since 1970; without a zone it is UTC."""
    if "-" in text[1:] or ":" in text:
        try:
            date = datetime.fromisoformat(text.strip())
        except ValueError:
            pass
        else:
            return (date.replace(tzinfo=date.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)
    value = _number(text, "timestamp (or a date like 2024-01-31)")
    if abs(value) >= _LARGEST_TIME:
        raise ValueError(f"the timestamp {text[:40]} is out of range")
    return value
