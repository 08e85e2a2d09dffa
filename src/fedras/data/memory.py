"""Tables that are in memory already: of pandas, polars, Arrow, NumPy, SciPy or plain Python."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from fedras.complaints import explain
from fedras.data.build import build
from fedras.data.forms.columnar import Columnar, table_rows
from fedras.data.forms.meaning import means
from fedras.data.forms.open_rows import open_rows
from fedras.data.interactions import Interactions, titled
from fedras.data.select import Selection, take
from fedras.data.titles import read_titles
from fedras.errors import DataError, UsageError

_NAMES = ("user", "item", "rating", "time")


def interactions_from(
    table: Any,
    items: Any = None,
    columns: str | Mapping[str, str] = "",
    item_columns: str | Mapping[str, str] = "",
    name: str = "table",
    **options: Any,
) -> Interactions:
    """Return the interactions in a table in memory.

    Parameters
    ----------
    table
        A data frame of pandas, polars or any library that speaks Arrow's C data interface; an Arrow
        table; a mapping of columns; a NumPy array [rows, 2 to 4] of user, item, rating and time or
        a structured one; a SciPy sparse matrix [users, items]; or rows as tuples or mappings.
        `Interactions` are returned as they are.
    items
        Titles: a mapping from item id to title, a series with ids for its index, pairs of both, a
        table of items, or the path of one.
    columns, item_columns
        Which column is which, where the names do not say it: ``{"user": "member"}``.
    name
        What the data is called.
    options
        Any other field of `select.Selection`, such as ``min_rating=4``.

    Raises
    ------
    UsageError
        If an option cannot be meant.
    DataError
        If this is no table, or a column or cell cannot be meant.
    """
    if isinstance(table, Interactions):
        return table
    try:
        selection = Selection(columns=columns, **options)
    except ValidationError as error:
        raise UsageError(explain(error)) from None
    if isinstance(table, Mapping) and not selection.columns:
        _require_columns(table, name)
    try:
        data = build(name, take(_rows(table, name), selection), selection)
    except DataError as error:
        raise DataError(_in_python(str(error))) from None
    titles = None if items is None else _titles(items, item_columns)
    return replace(data, titles=titled(data.item_ids, titles), columns=_in_python(data.columns))


def _in_python(advice: str) -> str:
    """Write options as arguments rather than as the command line takes them."""
    advice = re.sub(r'--set "?(\w+)=([^\s")]+)"?', r'\1="\2"', advice)
    return re.sub(r"--(?:item-)?columns (\S+)", r'columns="\1"', advice)


def _titles(items: Any, columns: str | Mapping[str, str]) -> dict[str, str]:
    """Return titles by id."""
    if isinstance(items, list) and all(isinstance(p, tuple) and len(p) == 2 for p in items):
        items = dict(items)
    elif type(items).__name__ == "Series" and hasattr(items, "to_dict"):  # of pandas
        items = items.to_dict()
    if isinstance(items, Mapping) and all(
        value is None or isinstance(value, str | int | float) for value in items.values()
    ):
        return {str(item): str(title) for item, title in items.items() if title is not None}
    given = (
        columns if isinstance(columns, str) else ",".join(f"{k}={v}" for k, v in columns.items())
    )
    try:
        file = isinstance(items, str | os.PathLike)
        return read_titles(open_rows(Path(items)) if file else _rows(items, "items"), given)
    except ValueError as error:
        raise UsageError(f"option item_columns: {error}") from None


def _rows(table: Any, name: str) -> Columnar:
    """Return any table as rows.

    Raises
    ------
    DataError
        If it is none.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    if isinstance(table, str | os.PathLike):
        raise DataError(f"{name}: a file is read by fedras.data.load({str(table)!r})")
    if hasattr(table, "tocoo"):
        table = _sparse(table.tocoo())
    elif isinstance(table, np.ndarray):
        table = _array(table, name)
    elif isinstance(table, list | tuple):
        table = _listed(list(table), name)
    elif hasattr(table, "collect") and not hasattr(table, "__arrow_c_stream__"):
        table = table.collect()
    try:
        arrow = table if isinstance(table, pa.Table) else _arrow(table)
    except (pa.ArrowException, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = re.sub(r"\s+", " ", str(error))[:150]
        raise DataError(
            f"{name}: a {type(table).__name__} cannot be read as a table ({reason}); give a data "
            f"frame, an Arrow table, a mapping of columns, or rows of (user, item)"
        ) from None
    index = [n for n in arrow.column_names if n.startswith("__index_level_")]
    return table_rows(arrow.drop_columns(index) if index else arrow, name, "")


def _arrow(table: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    if isinstance(table, Mapping):
        return pa.table({str(key): _column(values) for key, values in table.items()})
    try:
        return pa.table(table)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        if not hasattr(table, "columns"):
            raise
    # Some column of the frame is nothing that Arrow knows.
    if hasattr(table, "reset_index"):
        table = table.reset_index(drop=list(table.index.names) == [None])
    names = list(table.columns)
    places = range(len(names))
    columns = [table.iloc[:, n] if hasattr(table, "iloc") else table[names[n]] for n in places]
    return pa.table(list(map(_column, columns)), list(map(str, names)))


def _require_columns(table: Mapping[Any, Any], name: str) -> None:
    """Refuse what has no column for the user or the item: it may be lists of items by user."""
    names = [str(key) for key in table]
    if names and not any(means(n, role) or n.isdecimal() for n in names for role in _NAMES):
        some = ", ".join(names[:3])
        raise DataError(
            f'{name}: no column is called user or item among {some}; say columns="user=NAME,'
            f'item=NAME", or give rows of (user, item) if these are users'
        )


def _column(values: Any) -> Any:
    """Return values as an Arrow array; numbers among texts become text."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    if isinstance(values, np.ndarray) and values.dtype.kind in "UT":
        values = values.tolist()
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        texts = [None if _is_nothing(v) else str(v) for v in values]
        return pa.array(texts, pa.string())


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _sparse(matrix: Any) -> dict[str, Any]:
    filled = matrix.data != 0
    values = matrix.row[filled], matrix.col[filled], matrix.data[filled]
    return dict(zip(_NAMES, values, strict=False))


def _array(array: Any, name: str) -> dict[str, Any]:
    if array.dtype.names:
        return {column: array[column] for column in array.dtype.names}
    if array.ndim != 2 or not 2 <= array.shape[1] <= len(_NAMES):
        raise DataError(
            f"{name}: expected an array [rows, 2 to 4] of user, item, rating and time, found shape "
            f"{array.shape}; give a matrix [users, items] as scipy.sparse.csr_array"
        )
    return _positional([array[:, n] for n in range(array.shape[1])])


def _listed(rows: list[Any], name: str) -> dict[str, Any]:
    if rows and hasattr(rows[0], "_asdict"):
        rows = [row._asdict() for row in rows]
    elif rows and is_dataclass(rows[0]):
        rows = [vars(row) for row in rows]
    if rows and isinstance(rows[0], Mapping):
        columns = dict.fromkeys(key for row in rows for key in row)
        return {column: _column([row.get(column) for row in rows]) for column in columns}
    widths = {len(row) if isinstance(row, list | tuple) else 0 for row in rows}
    if rows and (len(widths) > 1 or not 2 <= min(widths) <= len(_NAMES)):
        raise DataError(
            f"{name}: expected rows of (user, item), (user, item, rating) or (user, item, rating, "
            f"time), all alike"
        )
    return _positional([list(column) for column in zip(*rows, strict=True)] or [[], []])


def _positional(columns: list[Any]) -> dict[str, Any]:
    """Name columns by their place; three are user, item and time if the last looks like times."""
    from fedras.data.times import looks_like_time  # noqa: PLC0415 -- slow to import

    names = list(_NAMES[: len(columns)])
    arrow = [_column(column) for column in columns]
    if len(columns) == 3 and len(arrow[2]) and looks_like_time(_chunked(arrow[2])):
        names[2] = "time"
    return dict(zip(names, arrow, strict=True))


def _chunked(array: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    return pa.chunked_array([array])
