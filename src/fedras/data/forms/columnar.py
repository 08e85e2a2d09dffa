"""Parquet and Arrow files, and tables in memory that are Arrow's or become so."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fedras.data.forms.arrow_sizes import stream_sizes
from fedras.data.forms.opening import require_file, unpacked
from fedras.data.forms.rows import HEAD
from fedras.errors import DataError

_FREE = 256 << 20  # bytes that any file may expand to
_RATIO = 200  # and beyond, how many times its own size
_PARQUET, _ARROW, _STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
_PADDED = 8  # bytes of _ARROW where it stands in front of a file

Load = Callable[[list[int]], Any]
"""Returns some of the columns, by their places, as an Arrow table."""


class Columnar:
    """A table with types; see `rows.Rows`.

    Parameters
    ----------
    where, form, names
        See there.
    load
        Reads columns.
    count
        How many rows there are.
    """

    named = True

    def __init__(self, where: str, form: str, names: list[str], load: Load, count: int) -> None:
        self.where, self.form, self.names, self._load = where, form, names, load
        if not count:
            raise DataError(f"{where}: has no rows; expected one row per interaction")

    def head(self, place: int) -> Any:
        """See `rows.Rows.head`."""
        return self.read([place])[0].slice(0, HEAD)

    def read(self, places: list[int]) -> list[Any]:
        """See `rows.Rows.read`."""
        return list(self._load(places).columns)

    def line(self, row: int) -> str:
        """See `rows.Rows.line`."""
        return f"{self.where}:{row + 1}"


def is_columnar(path: Path) -> bool:
    """Return whether a file, packed or not, is Parquet or Arrow by its first bytes."""
    with unpacked(path) as file:
        return _kind(file.read(6)) is not None


def _kind(start: bytes) -> str | None:
    if start[:4] == _PARQUET:
        return "Parquet"
    return "Arrow" if start[:6] == _ARROW or start[:4] == _STREAM else None


def columnar_file(path: Path) -> Columnar:
    """Return the table in a Parquet or Arrow (Feather) file.

    Raises
    ------
    DataError
        If it is damaged, has no rows, or says that it expands beyond all measure.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    require_file(path)
    with path.open("rb") as file:
        plain = _kind(file.read(6)) is not None
    try:
        source: Any = str(path)
        if not plain:
            with unpacked(path) as file:
                source = file.read()
        with pa.OSFile(source) if plain else pa.BufferReader(source) as file:
            start = file.read(6)
        if start[:4] == _PARQUET:
            return _parquet(path, source if plain else io.BytesIO(source))
        return _arrow(path, source, start[:6] == _ARROW)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> DataError:
    reason = str(error).partition("\n")[0]
    return DataError(f"{path}: is not a readable Parquet or Arrow file ({reason[:120]})")


def _parquet(path: Path, source: Any) -> Columnar:
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 -- slow to import

    file = parquet.ParquetFile(source)
    names = list(file.schema_arrow.names)
    # A text that comes again and again stays in the file's dictionary, as it may be long.
    texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
    file = parquet.ParquetFile(source, read_dictionary=texts)
    meta = file.metadata
    groups = [meta.row_group(n) for n in range(meta.num_row_groups)]
    said = sum(
        group.column(c).total_uncompressed_size for group in groups for c in range(meta.num_columns)
    )
    _require_small(path, max(said, 8 * meta.num_rows))

    def load(places: list[int]) -> Any:
        try:
            if len(set(names)) < len(names):
                return _bounded(path, file.read().select(places))
            return _bounded(path, file.read(columns=[names[place] for place in places]))
        except (ArrowException, OSError) as error:
            raise _damaged(path, error) from None

    return Columnar(str(path), "Parquet", names, load, meta.num_rows)


def _is_text(kind: Any) -> bool:
    from pyarrow import types  # noqa: PLC0415 -- slow to import

    texts = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(is_kind(kind) for is_kind in texts)


def _arrow(path: Path, source: Any, is_file: bool) -> Columnar:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import ipc  # noqa: PLC0415

    buffer = (
        pa.memory_map(source).read_buffer() if isinstance(source, str) else pa.py_buffer(source)
    )
    stream = buffer.slice(_PADDED) if is_file else buffer  # in a file is a stream
    sizes = stream_sizes(stream)
    _require_small(path, max(sizes.bytes, 8 * sizes.rows))
    names = list(ipc.open_stream(stream).schema.names)

    def load(places: list[int]) -> Any:
        some = sorted(set(places))
        try:
            options = ipc.IpcReadOptions(included_fields=some)
            table = ipc.open_stream(stream, options=options).read_all()
            table.validate(full=True)
            return _bounded(path, table.select([some.index(place) for place in places]))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _damaged(path, error) from None

    return Columnar(str(path), "Arrow", names, load, sizes.rows)


def _bounded(path: Path, table: Any) -> Any:
    """Return a table of which no column is beyond measure when each row has its own text."""
    from pyarrow import compute as pc  # noqa: PLC0415 -- slow to import
    from pyarrow import types  # noqa: PLC0415

    for column in table.columns:
        if types.is_dictionary(column.type) and _is_text(column.type.value_type):
            pieces = ((pc.binary_length(c.dictionary), c.indices) for c in column.chunks)
            expanded = sum(pc.sum(long.take(at)).as_py() or 0 for long, at in pieces)
            _require_small(path, expanded, "shorten the texts that come again and again")
    return table


def table_rows(table: Any, where: str, form: str) -> Columnar:
    """Return an Arrow table in memory as rows."""
    return Columnar(where, form, list(table.column_names), table.select, table.num_rows)


def _require_small(
    path: Path, expanded: int, advice: str = "write it anew without compression if that is meant"
) -> None:
    """Refuse what expands to more than any table does, before it is read."""
    if expanded > max(_FREE, _RATIO * path.stat().st_size):
        raise DataError(
            f"{path}: expands to {expanded:,} bytes, more than {_RATIO} times its size; {advice}"
        )
