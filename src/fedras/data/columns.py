"""Which column of a table is the user, the item and the time: said, or found out aloud."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fedras.arrays import AnyArray
from fedras.data import times
from fedras.data.forms.meaning import means, plain
from fedras.data.forms.rows import CellError, Rows
from fedras.errors import DataError

ROLES = ("user", "item", "rating", "time")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?")
_CALENDAR = ("year", "month", "day", "hour", "minute", "second")
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Columns:
    """Where the columns stand.

    Several make up the time if it is split, none if there is none. ``by_order`` says that no name
    told them.
    """

    user: int
    item: int
    rating: int | None = None
    time: tuple[int, ...] = ()
    by_order: bool = False


def parse(given: str, roles: Iterable[str] = ROLES) -> dict[str, str]:
    """Read ``user=visitorid,item=itemid,time=date+clock``.

    Raises
    ------
    ValueError
        If it cannot be meant.
    """
    if not given.strip():
        return {}
    known = "|".join(roles)
    parts = re.split(rf",\s*(?=(?:{known})\s*=)", given.strip())
    pairs = [re.fullmatch(rf"\s*({known})\s*=\s*(.+?)\s*", part) for part in parts]
    if not all(pairs):
        raise ValueError(f"expected {','.join(f'{role}=NAME' for role in roles)}, found {given!r}")
    chosen = {pair[1]: pair[2] for pair in pairs if pair}
    if len(chosen) < len(pairs):
        raise ValueError(f"{given!r} says a column twice")
    return chosen


def place_of(rows: Rows, name: str, role: str) -> int:
    """Return where the column called ``name``, or numbered so from 1, stands.

    Raises
    ------
    DataError
        If there is none, or more than one.
    """
    exact = [n for n, each in enumerate(rows.names) if each == name]
    found = exact or [n for n, each in enumerate(rows.names) if each and plain(each) == plain(name)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        numbers = " and ".join(str(n + 1) for n in found)
        raise DataError(
            f"{rows.where}: columns {numbers} are called {name}; say which by its number: "
            f"--columns {role}={found[0] + 1}"
        )
    if name.isdecimal() and 1 <= int(name) <= len(rows.names):
        return int(name) - 1
    raise DataError(f"{rows.where}: there is no column {name!r}; the columns are {listed(rows)}")


def find(rows: Rows, given: dict[str, str], rated: bool = False) -> Columns:
    """Return which columns are used.

    Parameters
    ----------
    rows
        The table.
    given
        Names or numbers of columns by role, as `parse` returns them.
    rated
        Whether the rating is needed.

    Raises
    ------
    DataError
        If a column is missing or may be one of several.
    """
    known = any(means(name, role) for name in rows.names for role in ("user", "item"))
    if not known and not {"user", "item"} <= set(given):
        return _by_position(rows, given)
    user = _one(rows, given, "user")
    item = _one(rows, given, "item", but=(user,))
    if user == item:
        raise DataError(f"{rows.where}: user and item are one column, {rows.names[user]!r}")
    rating = _one(rows, given, "rating") if rated or "rating" in given else None
    if given.get("time") == "none":
        return Columns(user, item, rating)
    if "time" in given:
        whole = given["time"] in rows.names
        parts = [given["time"]] if whole else given["time"].split("+")
        return Columns(user, item, rating, tuple(place_of(rows, p, "time") for p in parts))
    return Columns(user, item, rating, _time(rows, {user, item, rating}) if rows.named else ())


def _one(rows: Rows, given: dict[str, str], role: str, but: tuple[int, ...] = ()) -> int:
    """Return the column of a role: of several candidates the one that ends in ``id``."""
    if role in given:
        return place_of(rows, given[role], role)
    found = [n for n, name in enumerate(rows.names) if means(name, role) and n not in but]
    if len(found) > 1:
        found = [n for n in found if plain(rows.names[n]).endswith("id")] or found
    if len(found) == 1:
        return found[0]
    if not found:
        raise DataError(
            f"{rows.where}: no column is called {role} or the like among {listed(rows)}; say "
            f"which it is: --columns {role}=NAME"
        )
    names = [rows.names[n] for n in found]
    if len(set(names)) < len(names):
        place_of(rows, names[0], role)
    raise DataError(
        f"{rows.where}: {' and '.join(names)} may all be the {role}; say which: "
        f"--columns {role}={names[0]}"
    )


def _by_position(rows: Rows, given: dict[str, str]) -> Columns:
    """Take nameless columns to be user, item, rating and time, if their cells allow it."""
    width = len(rows.names)
    alike = sum(map(bool, rows.names)) in {0, width}  # else it may have users down, items across
    fits = 2 <= width <= len(ROLES) and not given and alike
    rating, time = None, None
    if fits and width > 2:
        last = times.looks_like_time(rows.head(width - 1))
        if width == 3 and last:
            time = 2
        else:
            rating = 2 if _are_numbers(rows.head(2)) else None
            time = 3 if width == 4 else None
            fits = rating is not None
        if time == 3:
            fits = fits and (last or _are_numbers(rows.head(3)))
    if fits and any(_are_dates(rows.head(n)) or _are_measures(rows.head(n)) for n in (0, 1)):
        fits = False
    if not fits:
        shown = " ".join(_texts(rows.head(n).slice(0, 1))[0] for n in range(width))
        if width == 1:
            raise DataError(
                f"{rows.where}: found one column only ({shown[:60]!r}); say what separates user "
                f"and item: --set separator=..."
            )
        raise DataError(
            f"{rows.where}: found {width} columns without known names ({shown[:60]!r}); say which "
            f"is which by their numbers: --columns user=1,item=2{',time=4' if width > 3 else ''}"
        )
    return Columns(0, 1, rating, () if time is None else (time,), by_order=True)


def _texts(column: Any) -> list[str]:
    """Return cells as text, a missing one as an empty one."""
    cells = ("" if cell is None else cell for cell in column.to_pylist())
    return [c.decode("utf-8", "replace") if isinstance(c, bytes) else str(c) for c in cells]


def _are_numbers(column: Any) -> bool:
    """Return whether most cells are numbers; those that are not, reading refuses if it has to."""
    full = [cell.strip() for cell in _texts(column) if cell.strip()]
    return 2 * sum(_NUMBER.fullmatch(cell) is not None for cell in full) >= len(full)


def _are_measures(column: Any) -> bool:
    """Return whether a column holds numbers that count nothing, such as 4.08 or -7.8."""
    cells = [cell.strip() for cell in _texts(column)]
    return any(re.fullmatch(r"-?\d*\.\d*[1-9]\d*", cell) for cell in cells) and _are_numbers(column)


def _are_dates(column: Any) -> bool:
    return not _are_numbers(column) and times.looks_like_time(column)


def _time(rows: Rows, used: set[int | None]) -> tuple[int, ...]:
    """Return the finest column that says the time, or those that do so together."""
    bare = [plain(name) for name in rows.names]
    if {"year", "month", "day"} <= set(bare):
        parts = [bare.index(part) for part in _CALENDAR if part in bare]
        if all(_are_whole(rows.head(n)) for n in parts):
            return tuple(parts)
    found = [n for n, name in enumerate(rows.names) if n not in used and means(name, "time")]
    clocks = [n for n in found if _is_clock(rows.head(n))]
    found = [n for n in found if n not in clocks]
    read = {n: values for n in found if (values := _readable(rows.head(n))) is not None}
    if len(found) > 1 and read:
        found = list(read)
    if len(found) == 1:
        return (found[0], *clocks[:1])
    return (_finest(rows, read),) if found else tuple(clocks[:1])


def _readable(column: Any) -> AnyArray | None:
    try:
        return times.parsed(column)
    except CellError as error:
        # Ambiguous dates are dates: whether they matter shows when the whole column is read.
        return np.zeros(len(column), np.int64) if "two ways" in str(error) else None


def _is_clock(column: Any) -> bool:
    """Return whether a column holds times of the day without a date."""
    from pyarrow import types  # noqa: PLC0415 -- slow to import

    if types.is_time(column.type):
        return True
    cells = [cell.decode() if isinstance(cell, bytes) else cell for cell in column.to_pylist()]
    return bool(cells) and all(isinstance(c, str) and _CLOCK.fullmatch(c.strip()) for c in cells)


def _finest(rows: Rows, read: dict[int, AnyArray]) -> int:
    """Return the column with the most distinct times, if the others only say the same coarser."""
    best = max(read, key=lambda n: len(np.unique(read[n])))
    order = np.argsort(read[best], kind="stable")
    for place, values in read.items():
        if np.any(np.diff(values[order]) < 0):
            raise DataError(
                f"{rows.where}: {rows.names[best]} and {rows.names[place]} may both be the time; "
                f"say which: --columns time={rows.names[best]}"
            )
    return best


def _are_whole(column: Any) -> bool:
    return all(cell.strip().isdecimal() for cell in _texts(column))


def in_words(rows: Rows, columns: Columns, remarks: dict[str, str]) -> str:
    """Say how the columns were understood, for people.

    Parameters
    ----------
    remarks
        What is to be added for a role.
    """

    def name(place: int) -> str:
        return rows.names[place] or f"column {place + 1}"

    def said(role: str, what: str) -> str:
        return f"{role}={what}" + (f" ({remarks[role]})" if remarks.get(role) else "")

    parts = [said("user", name(columns.user)), said("item", name(columns.item))]
    if columns.rating is not None:
        parts.append(said("rating", name(columns.rating)))
    order = f"none (order of the {'file' if rows.form else 'rows'})"
    time = " + ".join(map(name, columns.time)) or order
    parts.append(said("time", time))
    used = {columns.user, columns.item, columns.rating, *columns.time}
    unused = [name(n) for n in range(len(rows.names)) if n not in used]
    words = ", ".join(parts)
    if unused:
        words += f"; not used: {', '.join(unused[:20])}{', ...' if len(unused) > 20 else ''}"
    if columns.by_order and not rows.named:
        first = [_texts(rows.head(n).slice(0, 1))[0] for n in range(len(rows.names))]
        if not re.search(r"\d", "".join(first)):
            words += "; the first line is taken for a row, if it has names: --set header=true"
    if columns.by_order:
        words += "; by their order, not their names; if this is wrong: --columns user=1,item=2,..."
    return words


def listed(rows: Rows) -> str:
    """Return the names of all columns, as far as they fit in a line."""
    return ", ".join(name or f"(column {n})" for n, name in enumerate(rows.names, 1))[:200]
