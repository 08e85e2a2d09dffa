"""JSON: an object per line, an array of objects, or an object of columns."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fedras.data.forms.opening import text
from fedras.data.forms.rows import HEAD
from fedras.errors import DataError

_BLOCK = 1 << 24  # bytes that are parsed at a time
_START = 1 << 18

_WRONG = (ValueError, SyntaxError, RecursionError, MemoryError, msgspec.DecodeError)
"""What parsers raise; the errors of older versions of msgspec are no ValueErrors."""


class JsonLines:
    """A file of JSON objects; see `rows.Rows`.

    Lines that are Python's dictionaries rather than JSON, as some data sets have, are read too.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DataError
        If the file cannot be read, or the first object is none.
    """

    form = "JSON"
    named = True

    def __init__(self, path: Path) -> None:
        self.where, self.path = str(path), path
        with text(path) as file:
            start = file.read(_START)
            more = bool(file.read(1))
        self._whole = start.lstrip()[:1] == b"["
        self._python = re.match(rb"\s*\{\s*u?'", start) is not None
        if self._whole:
            objects = self._array(dict[str, Any])
        else:
            lines = start.splitlines()
            lines = lines[:-1] if more and len(lines) > 1 else lines
            full = enumerate(lines, 1)
            objects = [self._object(n, line) for n, line in full if line.strip()][:HEAD]
        self._head = objects[:HEAD]
        if not self._head:
            raise DataError(f"{path}: has no rows; expected one JSON object per interaction")
        self.names = list(dict.fromkeys(itertools.chain.from_iterable(self._head)))

    def head(self, place: int) -> Any:
        """See `rows.Rows.head`."""
        return _array([each.get(self.names[place]) for each in self._head])

    def read(self, places: list[int]) -> list[Any]:
        """See `rows.Rows.read`."""
        import pyarrow as pa  # noqa: PLC0415 -- slow to import

        names = [self.names[place] for place in places]
        fields = [(f"c{n}", int | float | str | None, None) for n in range(len(names))]
        row = msgspec.defstruct(
            "Row", fields, rename={f"c{n}": name for n, name in enumerate(names)}
        )
        parts: list[list[Any]] = [[] for _ in names]
        for objects in self._objects(row, names):
            for n, part in enumerate(parts):
                part.append(_array([each[n] for each in objects]))
        return [_chunked(part, pa) for part in parts]

    def line(self, row: int) -> str:
        """See `rows.Rows.line`."""
        if self._whole:
            return f"{self.path}: object {row + 1}"
        with text(self.path) as file:
            full = (number for number, line in enumerate(file, 1) if line.strip())
            return f"{self.path}:{next(itertools.islice(full, row, None), '?')}"

    def _objects(self, row: type, names: list[str]) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the fields called ``names`` of some objects at a time."""
        if self._python:
            with text(self.path) as file:
                found = (self._object(n, line) for n, line in enumerate(file, 1) if line.strip())
                while some := list(itertools.islice(found, 100_000)):
                    yield [tuple(map(each.get, names)) for each in some]
            return
        if self._whole:
            yield [msgspec.structs.astuple(each) for each in self._array(row)]
            return
        decoder: Any = msgspec.json.Decoder(row)
        with text(self.path) as file:
            while block := file.read(_BLOCK):
                block += file.readline()
                try:
                    some = decoder.decode_lines(block)
                except msgspec.DecodeError:
                    self._find_fault(decoder)
                    raise
                yield [msgspec.structs.astuple(each) for each in some]

    def _find_fault(self, decoder: Any) -> None:
        """Raise the error that names the first line that is no such object."""
        with text(self.path) as file:
            for number, line in enumerate(file, 1):
                try:
                    if line.strip():
                        decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise self._error(f":{number}", error) from None

    def _error(self, line: str, error: Exception) -> DataError:
        """Return what is wrong with an object, in one line."""
        wrong = re.search(r"got `(array|object)`(?: - at `\$(?:\[\d+\])?\.(.*)`)?", str(error))
        if wrong is not None:
            return DataError(
                f"{self.path}{line}: the field {wrong[2]!r} holds an {wrong[1]}; expected one row "
                f"per item, with a number or a text"
            )
        return DataError(f"{self.path}{line}: is not a JSON object ({error}); correct the file")

    def _array(self, kind: Any) -> list[Any]:
        with text(self.path) as file:
            try:
                found: list[Any] = msgspec.json.decode(file.read(), type=list[kind])
            except msgspec.DecodeError as error:
                raise self._error("", error) from None
        return found

    def _object(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            found = ast.literal_eval(line.decode()) if self._python else msgspec.json.decode(line)
        except _WRONG as error:
            raise self._error(f":{number}", error) from None
        if not isinstance(found, dict):
            raise DataError(f"{self.path}:{number}: is not a JSON object; correct the line")
        return found


def _array(values: list[Any]) -> Any:
    """Return an Arrow array of numbers if all are numbers, and of text if not."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int} and all(abs(v) < 2**63 for v in values if v is not None):
        return pa.array(values, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array(values, pa.float64())
    texts = [value if value is None or isinstance(value, str) else str(value) for value in values]
    return pa.array(texts, pa.string())


def _chunked(parts: list[Any], pa: Any) -> Any:
    """Join parts of a column, as text if they are of different types."""
    types = {part.type for part in parts}
    if len(types) > 1:
        parts = [part.cast(pa.string()) for part in parts]
    return pa.chunked_array(parts)
