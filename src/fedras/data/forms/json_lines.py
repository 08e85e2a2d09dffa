"""JSON: an object per line, an array of objects, or an object of columns."""

import ast
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fedras.data.forms.opening import beginning, text
from fedras.data.forms.rows import HEAD
from fedras.errors import DataError

_BLOCK = 1 << 24  # bytes that are parsed at a time


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
        start, more = beginning(path)
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
        if len(self.names) == 1 and isinstance(self._head[0][self.names[0]], list):
            raise DataError(
                f"{path}: is one object around an array, {self.names[0]!r}; write that array alone"
            )

    def head(self, place: int) -> Any:
        """See `rows.Rows.head`."""
        return _array([each.get(self.names[place]) for each in self._head])

    def read(self, places: list[int]) -> list[Any]:
        """See `rows.Rows.read`."""
        import pyarrow as pa  # noqa: PLC0415 -- slow to import

        names = [self.names[place] for place in places]
        fields = [(f"c{n}", int | float | str | bool | None, None) for n in range(len(names))]
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
        done = 0
        with text(self.path) as file:
            while block := file.read(_BLOCK):
                block += file.readline()
                try:
                    read = decoder.decode_lines(block)
                except msgspec.DecodeError:
                    read = self._one_by_one(decoder, row, block, done + 1)
                yield [msgspec.structs.astuple(each) for each in read]
                done += block.count(b"\n")

    def _one_by_one(self, decoder: Any, row: type, block: bytes, first: int) -> Iterator[Any]:
        """Yield the objects in some lines, also those with NaN; name the first that is none."""
        for number, line in enumerate(block.split(b"\n"), first):
            try:
                if line.strip():
                    yield decoder.decode(line)
            except msgspec.DecodeError as error:
                if not _beyond_json(line):
                    raise self._error(f":{number}", error) from None
                try:
                    yield msgspec.convert(self._object(number, line), row)
                except msgspec.ValidationError as wrong:
                    raise self._error(f":{number}", wrong) from None

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
            content = file.read()
        try:
            if not _beyond_json(content):
                return list(msgspec.json.decode(content, type=list[kind]))
            return list(msgspec.convert(json.loads(content), list[kind]))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise self._error("", error) from None

    def _object(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            if self._python:
                found = ast.literal_eval(line.decode())
            else:
                found = json.loads(line) if _beyond_json(line) else msgspec.json.decode(line)
        except (msgspec.DecodeError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
            raise self._error(f":{number}", error) from None
        if not isinstance(found, dict):
            raise DataError(f"{self.path}:{number}: is not a JSON object; correct the line")
        return found


def _beyond_json(text: bytes) -> bool:
    """Return whether there may be NaN or an infinity, which Python writes and JSON lacks."""
    return b"NaN" in text or b"Infinity" in text


def _array(values: list[Any]) -> Any:
    """Return an Arrow array of numbers if all are numbers, and of text if not."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int} and all(abs(v) < 2**63 for v in values if v is not None):
        return pa.array(values, pa.int64())
    exact = all(abs(v) < 2**53 for v in values if isinstance(v, int))
    if kinds and kinds <= {int, float} and exact:
        return pa.array(values, pa.float64())
    return pa.array(list(map(_text, values)), pa.string())


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


def _chunked(parts: list[Any], pa: Any) -> Any:
    """Join parts of a column, as text if they are of different types."""
    types = {part.type for part in parts}
    if len(types) > 1:
        parts = [part.cast(pa.string()) for part in parts]
    return pa.chunked_array(parts)
