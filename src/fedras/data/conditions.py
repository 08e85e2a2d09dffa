"""Conditions that rows have to meet, such as ``event=purchase``."""

import re
from typing import Any, NamedTuple

import numpy as np

from fedras.arrays import Bools, Float64s
from fedras.data.forms.rows import CellError

_FORM = re.compile(r"\s*([^=!<>]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*")
_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


class Condition(NamedTuple):
    """What the cells of a column have to be.

    Attributes
    ----------
    column
        The column's name or number.
    operator, values
        ``=`` and ``!=`` compare with any of the values as text, the others with one as a number.
    """

    column: str
    operator: str
    values: tuple[str, ...]


def parse_conditions(text: str) -> list[Condition]:
    """Read ``event=purchase|cart,price>10``.

    Raises
    ------
    ValueError
        If it cannot be meant.
    """
    conditions = []
    for part in filter(str.strip, text.split(",")):
        form = _FORM.fullmatch(part)
        if form is None:
            raise ValueError(f"expected COLUMN=VALUE, found {part!r}")
        column, operator, value = form.groups()
        if operator in _COMPARE:
            try:
                float(value)
            except ValueError:
                raise ValueError(f"expected a number behind {operator}, found {value!r}") from None
        conditions.append(Condition(column, operator, tuple(value.split("|"))))
    return conditions


def rows_where(column: Any, condition: Condition) -> Bools:
    """Return bool[rows], where an Arrow column meets the condition; missing cells never do.

    Raises
    ------
    CellError
        If a cell is to be compared and is no number, or is neither number nor text.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    if condition.operator in _COMPARE:
        values = numbers(column)
        found: Bools = _COMPARE[condition.operator](values, float(condition.values[0]))
        return found
    texts = texts_of(column)
    same = pc.is_in(texts, value_set=pa.array(condition.values))
    mask: Bools = same.fill_null(False).to_numpy()
    return mask if condition.operator == "=" else ~mask


def numbers(column: Any) -> Float64s:
    """Return float64[rows], NaN where a cell is empty; a comma may stand for the point.

    Raises
    ------
    CellError
        If a cell is no number.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        texts = texts_of(column)
        empty = pc.is_in(
            pc.utf8_lower(texts), value_set=pa.array(["", "nan", "null", "none", "na"])
        )
        texts = pc.replace_substring_regex(texts, r"^(-?\d+),(\d{1,2})$", r"\1.\2")
        try:
            column = pc.if_else(empty, None, texts).cast(pa.float64())
        except pa.ArrowInvalid:
            strange = pc.invert(
                pc.or_(
                    empty,
                    pc.match_substring_regex(texts, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"),
                )
            )
            row = int(pc.index(strange, True).as_py())
            cell = texts[max(row, 0)].as_py()
            raise CellError(max(row, 0), f"expected a number, found {cell[:40]!r}") from None
    values: Float64s = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def texts_of(column: Any) -> Any:
    """Return the cells of an Arrow column as text without blanks around.

    Raises
    ------
    CellError
        If they are neither texts nor numbers.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    try:
        return pc.utf8_trim_whitespace(column.cast(pa.string()))
    except pa.ArrowNotImplementedError:
        raise CellError(0, f"expected a number or a text, found a {column.type}") from None
    except pa.ArrowInvalid:
        raise CellError(0, "expected text in UTF-8") from None
