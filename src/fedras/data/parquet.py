"""Rows of a Parquet file, through the optional pyarrow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fedras.data.rows import Columns, Row, checked, named_columns, positional_columns
from fedras.errors import DataError


def parquet_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a Parquet file; a row's number stands in for the line's.

    Raises
    ------
    DataError
        If pyarrow is missing, the file is damaged or empty, or a row is malformed.
    """
    try:
        import pyarrow  # noqa: PLC0415 -- optional
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise DataError(
            f'{path}: Parquet files need pyarrow; run: pip install "fedras[parquet]"'
        ) from None
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        found = named_columns(names, str(path)) or positional_columns(names, str(path))
        if not file.metadata.num_rows:
            raise DataError(f"{path}: has no rows; expected one row per interaction")
        used = found.used()
        columns = Columns(len(used), **{column: i for i, column in enumerate(used)})
        yield from checked(_cells(file, [names[i] for i in used.values()]), columns, path)
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path}: is not a readable Parquet file ({reason[:120]})") from None


def _cells(file: Any, names: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each row's cells as text, where a missing value is empty."""
    row = 0
    for batch in file.iter_batches(columns=names):
        texts = [_texts(batch.column(name)) for name in names]
        for cells in zip(*texts, strict=True):
            row += 1
            yield row, cells


def _texts(column: Any) -> list[str]:
    """Return a column as text; dates become whole numbers, which sort the same."""
    from pyarrow import int64, timestamp, types  # noqa: PLC0415 -- optional

    if types.is_date(column.type):
        column = column.cast(timestamp("us"))
    if types.is_timestamp(column.type):
        column = column.cast(int64())
    return ["" if value is None else str(value) for value in column.to_pylist()]
