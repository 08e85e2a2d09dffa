"""Tables that are in memory already: of pandas, polars, Arrow, NumPy, SciPy or plain Python."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from fedras.data.build import build
from fedras.data.forms.columnar import Columnar, table_rows
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
        Titles: a mapping from item id to title, or a table of items.
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
        problem = error.errors(include_url=False)[0]
        option = ".".join(map(str, problem["loc"]))
        raise UsageError(f"option {option}: {problem['msg']}") from None
    try:
        data = build(name, take(_rows(table, name), selection), selection)
    except DataError as error:
        raise DataError(_in_python(str(error))) from None
    titles = items if items is None or _is_titles(items) else _titles(items, item_columns)
    return replace(data, titles=titled(data.item_ids, titles and _as_text(titles)))


def _in_python(advice: str) -> str:
    """Write options as arguments rather than as the command line takes them."""
    advice = re.sub(r'--set "?(\w+)=([^\s"]+)"?', r'\1="\2"', advice)
    return re.sub(r"--(?:item-)?columns (\S+)", r'columns="\1"', advice)


def _is_titles(items: Any) -> bool:
    return isinstance(items, Mapping) and all(
        isinstance(title, str) for title in list(items.values())[:1]
    )


def _as_text(titles: Mapping[Any, Any]) -> dict[str, str]:
    return {str(item): str(title) for item, title in titles.items()}


def _titles(items: Any, columns: str | Mapping[str, str]) -> dict[str, str]:
    given = (
        columns if isinstance(columns, str) else ",".join(f"{k}={v}" for k, v in columns.items())
    )
    try:
        return read_titles(_rows(items, "items"), given)
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
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
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
    return pa.table(table)


def _column(values: Any) -> Any:
    """Return values as an Arrow array; numbers among texts become text."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    if isinstance(values, np.ndarray) and values.dtype.kind in "UT":
        values = values.tolist()
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


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
    if rows and isinstance(rows[0], Mapping):
        columns = dict.fromkeys(key for row in rows for key in row)
        return {column: [row.get(column) for row in rows] for column in columns}
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
