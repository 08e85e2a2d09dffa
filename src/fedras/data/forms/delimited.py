"""Text files of rows: CSV, tabs, ``::``, semicolons, bars, blanks; lists and blocks of items."""

import io
import itertools
import re
from collections.abc import Callable, Container, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from fedras.data.forms.dialect import SPACES, Dialect, LineError, Numbered, is_empty, sniff
from fedras.data.forms.header import is_header
from fedras.data.forms.opening import beginning, text
from fedras.data.forms.rows import HEAD
from fedras.errors import DataError

_BLOCK = 1 << 24  # bytes that are parsed at a time, and the longest line
_UNIT = "\x1f"  # stands for separators of several characters
_NAMES = {
    ",": "comma-separated",
    "\t": "tab-separated",
    SPACES: "separated by blanks",
}
_FIXED = {"lists": ["user", "item"], "blocks": ["item", "user", "rating", "date"]}


class Delimited:
    """A text file of rows; see `rows.Rows`.

    Parameters
    ----------
    path
        The file.
    given
        Names of columns that the user has said.
    header, separator, layout
        Whether the first line says names, what separates columns, and how the rows are laid out
        (see `Dialect`), where that is known.

    Raises
    ------
    DataError
        If the file cannot be read or is empty.
    """

    def __init__(
        self,
        path: Path,
        given: Container[str] = (),
        header: bool | None = None,
        separator: str = "",
        layout: str = "",
    ) -> None:
        self.where, self.path = str(path), path
        lines = _first_lines(path)
        tabs = bool({".tsv", ".tab", ".inter", ".item"} & set(path.suffixes))
        dialect = sniff(lines, tabs, separator, layout)
        if dialect is None:
            raise DataError(f"{path}: is empty; expected one row per interaction")
        self.dialect = dialect
        head = self._first_rows(lines)
        if not head:
            raise DataError(f"{path}: has no rows; expected one row per interaction")
        self.form = _NAMES.get(dialect.separator, f"separated by {dialect.separator}")
        if dialect.layout == "table":
            head = self._name_columns(head, lines, given, header)
        else:
            self.form = f"{dialect.layout} of items"
            self.named, self.names = True, _FIXED[dialect.layout][: len(head[0][1])]
        self._head = [cells for _, cells in head if len(cells) == len(self.names)]

    def _first_rows(self, lines: list[str]) -> list[tuple[int, list[str]]]:
        """Return the first rows, as well as they can be read; reading tells what is wrong."""
        for dialect in (self.dialect, replace(self.dialect, escaped=True)):
            try:
                head = list(itertools.islice(dialect.rows(enumerate(lines, 1)), HEAD + 1))
            except LineError:
                continue
            self.dialect = dialect
            return head
        plain = replace(self.dialect, quoted=False)
        return list(itertools.islice(plain.rows(enumerate(lines, 1)), HEAD + 1))

    def _name_columns(
        self,
        head: list[tuple[int, list[str]]],
        lines: list[str],
        given: Container[str],
        header: bool | None,
    ) -> list[tuple[int, list[str]]]:
        """Find the columns' names, and return the rows without them."""
        first, cells = head[0]
        rows = [row for _, row in head[1:]]
        self.named = header is not False
        if header is None:
            self.named = is_header(cells, rows, given, f"{self.path}:{first}")
        if not self.named:
            self.names = self._commented(lines, len(cells)) or [""] * len(cells)
            self.named = any(self.names)
            return head
        if not rows:
            raise DataError(
                f"{self.path}: has column names but no rows; expected one row per interaction"
            )
        self.names = [cell.strip() for cell in cells]
        if all(len(row) == len(cells) + 1 for row in rows):  # R names its rows, or a last separator
            at_end = all(not row[-1].strip() for row in rows)
            self.names.insert(len(cells) if at_end else 0, "")
        self.dialect = replace(self.dialect, first=head[1][0])
        return head[1:]

    def _commented(self, lines: list[str], width: int) -> list[str]:
        """Return the names that the last comment before the rows says, if it does."""
        for line in reversed(lines[: self.dialect.first - 1]):
            bare = replace(self.dialect, first=1).rows([(1, line.lstrip("#% "))])
            cells = [cell.strip() for cell in next(bare, (0, []))[1]]
            if len(cells) == width and is_header(cells, [], (), ""):
                return cells
        return []

    def head(self, place: int) -> Any:
        """See `rows.Rows.head`."""
        import pyarrow as pa  # noqa: PLC0415 -- slow to import

        return pa.array([row[place].encode() for row in self._head], pa.binary())

    def read(self, places: list[int]) -> list[Any]:
        """See `rows.Rows.read`."""
        import pyarrow as pa  # noqa: PLC0415 -- slow to import

        found, escapes = self._parsed(places, self.dialect)
        if not isinstance(found, pa.Table) and escapes and self.dialect.quoted:
            self.dialect = replace(self.dialect, escaped=True)
            found, _ = self._parsed(places, self.dialect)
        if isinstance(found, pa.Table):
            return [found.column(str(place)) for place in places]
        self._find_fault()
        raise DataError(f"{self.path}: cannot be read ({found})")

    def _parsed(self, places: list[int], dialect: Dialect) -> tuple[Any, bool]:
        """Return the columns, or why they cannot be read; and whether there are escaped quotes."""
        import pyarrow as pa  # noqa: PLC0415 -- slow to import
        from pyarrow import csv  # noqa: PLC0415

        names = [str(place) for place in range(len(self.names))]
        skipped = 0

        def handle(row: Any) -> str:
            nonlocal skipped
            skipped += is_empty(row.text)
            return "skip" if is_empty(row.text) else "error"

        short = len(dialect.separator) == 1
        with closing(_Stream(self.path, dialect)) as stream:
            try:
                table = csv.read_csv(
                    pa.PythonFile(stream, "r"),
                    csv.ReadOptions(column_names=names, block_size=_BLOCK),
                    csv.ParseOptions(
                        delimiter=dialect.separator if short else _UNIT,
                        quote_char='"' if dialect.quoted else False,
                        escape_char="\\" if dialect.escaped else False,
                        newlines_in_values=dialect.quoted,
                        invalid_row_handler=handle,
                    ),
                    csv.ConvertOptions(
                        include_columns=[str(place) for place in places],
                        column_types={str(place): pa.binary() for place in places},
                        strings_can_be_null=False,
                    ),
                )
            except pa.ArrowException as error:
                return str(error).partition("\n")[0][:120], stream.escapes
        if dialect.quoted and (stream.newlines > table.num_rows + skipped or stream.open_quote):
            # Cells may span lines: each quote must be where it belongs.
            if stream.escapes and not dialect.escaped:
                return "a quote is not closed", True
            self._find_fault()
        return table, stream.escapes

    def _find_fault(self) -> None:
        """Raise the error that names the first malformed line, if there is one."""
        width = len(self.names)
        try:
            for number, cells in self.dialect.rows(self._lines()):
                if len(cells) != width and not is_empty(cells[0]):
                    raise LineError(number, self._misfit(len(cells)))
        except LineError as error:
            raise DataError(f"{self.path}:{error.line}: {error}") from None

    def _misfit(self, width: int) -> str:
        lists = ", or --set layout=lists if it is a user and items"
        return (
            f"expected {len(self.names)} columns, found {width}; correct or remove the line"
            f"{lists if self.dialect.separator == SPACES else ''}"
        )

    def line(self, row: int) -> str:
        """See `rows.Rows.line`."""
        numbers = (
            number
            for number, cells in self.dialect.rows(self._lines())
            if len(cells) == len(self.names)
        )
        return f"{self.path}:{next(itertools.islice(numbers, row, None), '?')}"

    def _lines(self) -> Iterator[Numbered]:
        with io.TextIOWrapper(text(self.path), "utf-8", "replace", newline="") as lines:
            yield from enumerate(lines, 1)


def _first_lines(path: Path) -> list[str]:
    """Return the lines at the start of a file, whole."""
    start, more = beginning(path)
    if b"\r" in start and b"\n" not in start:
        raise DataError(f"{path}: its lines end with CR alone; write them with LF")
    lines = list(io.StringIO(start.decode("utf-8", "replace"), newline=""))
    return lines[:-1] if more and len(lines) > 1 else lines


class _Stream:
    """The file from its first row on, in the form that the parser takes.

    Attributes
    ----------
    newlines, escapes, open_quote
        How many lines ended so far, whether a quote followed a backslash, and whether there is an
        odd number of quotes in the last line.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.newlines, self.escapes, self.open_quote = 0, False, False
        self._file = text(path)
        for _ in range(dialect.first - 1):
            self._file.readline()
        self._change = _change(dialect)
        self._ready = b""

    closed = False

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        while not self._ready:
            block = self._file.read(size)
            if not block:
                return b""
            if self._change is not None:
                block = self._change(block + self._file.readline())
            self.newlines += block.count(b"\n")
            self.open_quote = b'"' in block
            if self.open_quote:
                self.escapes = self.escapes or b'\\"' in block
                self.open_quote = block[block.rstrip().rfind(b"\n") + 1 :].count(b'"') % 2 == 1
            self._ready = block
        block, self._ready = self._ready[:size], self._ready[size:]
        return block


def _change(dialect: Dialect) -> Callable[[bytes], bytes] | None:
    """Return what makes rows with one separator of one character of some whole lines."""
    if dialect.layout != "table":
        return _Rows(dialect).of
    separator = dialect.separator.encode()
    if len(separator) > 1:
        return lambda block: block.replace(separator, _UNIT.encode())
    if dialect.separator == SPACES and not dialect.quoted:
        return lambda block: re.sub(rb"(?m)^ | (?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", block))
    return None


class _Rows:
    """Writes lists or blocks of items as rows."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, self._item = dialect, b""

    def of(self, block: bytes) -> bytes:
        """Return the rows of some whole lines."""
        out: list[bytes] = []
        for line in block.splitlines():
            if self._dialect.layout == "lists":
                user, *items = line.split() or [b""]
                out.extend(user + b" " + item + b"\n" for item in items)
            elif line.rstrip().endswith(b":"):
                self._item = line.strip()[:-1]
            elif line.strip():
                out.append(self._item + b"," + line + b"\n")
        return b"".join(out)
