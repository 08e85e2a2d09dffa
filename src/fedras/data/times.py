"""Times as people write them: numbers since whenever, or dates."""

import re
from datetime import datetime
from itertools import product
from typing import Any

import numpy as np

from fedras.arrays import AnyArray, Float64s, Int64s
from fedras.data.forms.rows import HEAD, CellError

_EXPECTED = "a number as timestamp (or a date like 2024-01-31)"
_DAYS = [
    "%Y/%m/%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y.%m.%d",
    "%Y-%m-%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%b-%Y",
    "%d-%b-%y",
]
_DAYS += ["%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%m %d, %Y"]
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", " %H:%M:%S %z")
_FORMATS = [day + gap + clock for day, clock in product(_DAYS, _CLOCKS) for gap in ("", ",")]
_FORMATS += ["%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%Y%m%dT%H%M%S"]
_FORMATS += [f"%a, %d %b %Y{clock}" for clock in _CLOCKS]
_DAY = r"\d{4}-\d{2}-\d{2}"
_MINUTE = r"[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?"
_ZONE = r"(Z| ?UTC| ?GMT| ?[+-]\d{2}(:?\d{2})?)"
_UNITS = ((1e8, 1e11, "seconds"), (1e11, 1e14, "milliseconds"), (1e14, 1e17, "microseconds"))


def parsed(column: Any, style: str = "") -> Int64s | Float64s:
    """Return times that sort as those in ``column`` do.

    Dates become microseconds since 1970; without a zone they are in UTC.

    Parameters
    ----------
    column
        Arrow chunked array [rows].
    style
        How dates are written, for `datetime.strptime`; by default it is found out.

    Raises
    ------
    CellError
        If a cell is no time, or not in the unit of the others, or may be read in two ways.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import types  # noqa: PLC0415

    kind = column.type
    if types.is_date(kind):
        column = column.cast(pa.timestamp("us"))
    if types.is_timestamp(column.type) or types.is_duration(kind):
        return _numbers(column.cast(pa.int64()), typed=True)
    if types.is_dictionary(kind):
        return parsed(column.cast(kind.value_type), style)
    if types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif _is_text(kind, types):
        return _of_text(column, style)
    elif not (types.is_integer(kind) or types.is_floating(kind)):
        raise CellError(0, f"expected {_EXPECTED}, found a {kind}")
    return _numbers(column)


def _is_text(kind: Any, types: Any) -> bool:
    return any(
        is_kind(kind)
        for is_kind in (
            types.is_string,
            types.is_large_string,
            types.is_string_view,
            types.is_binary,
            types.is_large_binary,
        )
    )


def _numbers(column: Any, typed: bool = False) -> Int64s | Float64s:
    """Check an Arrow column of numbers, which may have a unit by its type."""
    if column.null_count:
        raise CellError(_first(column.is_null()), f"expected {_EXPECTED}, found nothing")
    values: AnyArray = column.to_numpy()
    if values.dtype.kind == "f":
        values = values.astype(np.float64, copy=False)
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise CellError(int(bad[0]), f"expected {_EXPECTED}, found '{values[bad[0]]}'")
        bad = np.flatnonzero(np.abs(values) >= 2.0**63)
        if bad.size:
            raise CellError(int(bad[0]), f"the timestamp {values[bad[0]]:g} is out of range")
    else:
        bad = np.flatnonzero(values > np.iinfo(np.int64).max)
        if bad.size:
            raise CellError(int(bad[0]), f"the timestamp {values[bad[0]]} is out of range")
        values = values.astype(np.int64, copy=False)
    if not typed:
        _require_one_unit(values)
    return values


def _require_one_unit(values: AnyArray) -> None:
    """Refuse seconds among milliseconds, and the like."""
    large = np.flatnonzero(values >= _UNITS[0][0])
    if 2 * len(large) < len(values) or not len(large):
        return  # no seconds since 1970, but a counter or years
    first = values[large[0]]
    low, high, unit = next((u for u in _UNITS if first < u[1]), _UNITS[-1])
    other = large[(values[large] < low) | (values[large] >= high)]
    if other.size and first < _UNITS[-1][1]:
        raise CellError(
            int(other[0]),
            f"the timestamp {values[other[0]]} is in another unit than {first} before it ({unit})",
        )


def _of_text(column: Any, style: str) -> Int64s | Float64s:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    if column.null_count:
        raise CellError(_first(column.is_null()), f"expected {_EXPECTED}, found nothing")
    if not style:
        for kind in (pa.int64(), pa.float64()):
            try:
                return _numbers(column.cast(pa.string()).cast(kind))
            except pa.ArrowInvalid:
                continue
    try:
        column = pc.utf8_trim_whitespace(column.cast(pa.string()))
    except pa.ArrowInvalid:
        raise CellError(0, f"expected {_EXPECTED}, found text that is not UTF-8") from None
    empty = pc.equal(column, "")
    if pc.any(empty).as_py():
        raise CellError(_first(empty), f"expected {_EXPECTED}, found ''")
    if style:
        return _in_microseconds(_strptime(column, style), column, style)
    start = column[0].as_py()
    if re.fullmatch(r"[-+]?[\d,]*\.?\d*(e[-+]?\d+)?|nan|inf", start, re.IGNORECASE):
        return _numbers_with_commas(column)
    zoned = pc.match_substring_regex(column, f"^{_DAY}{_MINUTE}{_ZONE}$")
    iso = pc.or_(zoned, pc.match_substring_regex(column, f"^{_DAY}({_MINUTE})?$"))
    if pc.all(iso).as_py():
        return _iso(column, zoned)
    try:
        return _some_style(column)
    except CellError:
        if iso[0].as_py():
            raise _strange(column, pc.invert(iso)) from None
        raise


def _iso(column: Any, zoned: Any) -> Int64s:
    """Return ISO dates, with or without clock and zone."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    given = column
    column = pc.replace_substring_regex(column, r"(:\d{2}),(\d+)", r"\1.\2")
    column = pc.replace_substring_regex(column, r"(\.\d{6})\d+", r"\1")
    column = pc.replace_substring_regex(column, r" ?(UTC|GMT)$", "Z")
    column = pc.replace_substring_regex(column, r" ([+-]\d{2}(:?\d{2})?)$", r"\1")
    day = pc.less_equal(pc.utf8_length(column), 10)
    column = pc.if_else(day, pc.binary_join_element_wise(column, "00:00", " "), column)
    try:
        if pc.any(zoned).as_py():
            column = pc.if_else(zoned, column, pc.binary_join_element_wise(column, "Z", ""))
            column = column.cast(pa.timestamp("us", "UTC"))
        else:
            column = column.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        raise _strange(given, _each_bad(column)) from None
    values: Int64s = column.cast(pa.int64()).to_numpy()
    return values


def _each_bad(column: Any) -> Any:
    """Return which ISO dates the calendar lacks."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    def bad(text: str) -> bool:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return True
        return False

    return pa.chunked_array([[bad(text) for text in column.to_pylist()]])


def _numbers_with_commas(column: Any) -> Int64s | Float64s:
    """Read 1,234,567 and 1234567,5, or say which cell is no number."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    grouped = pc.match_substring_regex(column, r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$")
    if pc.all(grouped).as_py():
        return _numbers(pc.replace_substring(column, ",", "").cast(pa.float64()))
    column = pc.replace_substring_regex(column, r"^(-?\d{4,}),(\d+)$", r"\1.\2")
    number = pc.match_substring_regex(column, r"(?i)^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$")
    if not pc.all(number).as_py():
        raise _strange(column, pc.invert(number))
    return _numbers(column.cast(pa.float64()))


def _some_style(column: Any) -> Int64s:
    """Find out how the dates are written, and return them."""
    from pyarrow import compute as pc  # noqa: PLC0415 -- slow to import

    head = column.slice(0, HEAD).to_pylist()
    fitting = [style for style in _FORMATS if _fits(head[0], style)]
    if not fitting:
        raise CellError(0, f"expected {_EXPECTED}, found {head[0][:40]!r}")
    read = [(style, _strptime(column, style)) for style in fitting]
    whole = [(style, values) for style, values in read if not values.null_count]
    if not whole:
        style, values = min(read, key=lambda each: each[1].null_count)
        raise _strange(column, pc.is_null(values))
    times = [_in_microseconds(values, column, style) for style, values in whole]
    for (style, _), other in zip(whole[1:], times[1:], strict=True):
        if not np.array_equal(times[0], other):
            raise CellError(
                0,
                f"dates like {head[0]!r} may be read in two ways; say how they are written: "
                f'--set "time_format={whole[0][0]}" or --set "time_format={style}"',
            )
    return times[0]


def _fits(text: str, style: str) -> bool:
    try:
        datetime.strptime(text, style)
    except ValueError:
        return False
    return True


def _strptime(column: Any, style: str) -> Any:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415 -- slow to import

    values = pc.strptime(column, format=style, unit="us", error_is_null=True)
    # It takes 31.04. for 1.05.; what may be such a day is looked at closely.
    late = pc.match_substring_regex(column, r"(^|\D)(29|30|31)(\D|$)")
    for row in np.flatnonzero(pc.and_(late, pc.less_equal(pc.day(values), 3)).fill_null(False)):
        if not _fits(column[int(row)].as_py(), style):
            known = np.arange(len(values)) != row
            values = pc.if_else(pa.chunked_array([known]), values, None)
    return values


def _in_microseconds(values: Any, column: Any, style: str) -> Int64s:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    if values.null_count:
        row = _first(values.is_null())
        raise CellError(row, f"the time {column[row].as_py()[:40]!r} is not written as {style}")
    numbers: Int64s = values.cast(pa.int64()).to_numpy()
    return numbers


def _strange(column: Any, bad: Any) -> CellError:
    """Return what to say of the first cell that is ``bad``."""
    row = _first(bad)
    like = f" (as {column[0].as_py()[:40]!r} in the first row)" if row else ""
    return CellError(row, f"expected {_EXPECTED}{like}, found {column[row].as_py()[:40]!r}")


def _first(mask: Any) -> int:
    from pyarrow import compute as pc  # noqa: PLC0415 -- slow to import

    return int(pc.index(mask, True).as_py())


def looks_like_time(column: Any) -> bool:
    """Return whether a nameless column holds dates, or numbers as large as times since 1973.

    Small numbers are not enough: they may be ratings. Half of the cells decide, so that reading can
    name one that is wrong.
    """
    try:
        values = parsed(column)
    except CellError as cell:
        return 2 * cell.row >= len(column) > 0 and looks_like_time(column.slice(0, cell.row))
    return bool(len(values) and values.min() >= _UNITS[0][0])
