"""From the rows of a table to interactions: which columns, which rows, in which order."""

from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fedras.arrays import AnyArray, Bools, Int32s
from fedras.data import columns as named
from fedras.data.columns import Columns
from fedras.data.conditions import parse_conditions, rows_where
from fedras.data.forms.rows import BadCell, Rows, refused
from fedras.data.ids import Coded, canonical, coded
from fedras.data.interactions import Interactions, grouped
from fedras.data.times import parsed
from fedras.errors import DataError


def _as_text(given: Any) -> Any:
    """Take ``{"user": "member"}`` for ``user=member``."""
    if isinstance(given, dict):
        return ",".join(f"{role}={name}" for role, name in given.items())
    return given


Mapped = Annotated[str, BeforeValidator(_as_text)]


class Selection(BaseModel):
    """What is taken of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    columns: Mapped = ""
    """user=NAME,item=NAME,rating=NAME,time=NAME, or numbers; time=NAME+NAME, or time=none."""
    where: str = ""
    """Rows to keep: COLUMN=VALUE|VALUE, or with !=, <, <=, >, >=; a comma means and."""
    min_rating: float | Literal[""] = ""
    """Rows with a lower rating, or none, are dropped."""
    missing: Literal["refuse", "drop", "keep"] = "refuse"
    """Rows without a user, an item or a time; keep takes words such as NULL for ids."""
    time_format: str = ""
    """How dates are written, such as %d/%m/%Y %H:%M."""
    keep_repeats: bool = False
    """Keep all rows of a (user, item) pair instead of the first in time."""
    min_interactions: int = Field(default=1, ge=1)
    """Users with fewer distinct items (with ``keep_repeats``: rows) are dropped."""
    min_item_interactions: int = Field(default=1, ge=1)
    """Items with fewer users are dropped, and so on until users and items have enough."""

    @model_validator(mode="after")
    def _readable(self) -> Self:
        named.parse(self.columns)
        parse_conditions(self.where)
        return self

    def names(self) -> set[str]:
        """Return the names of columns that are said."""
        said = {
            part for name in named.parse(self.columns).values() for part in (name, *name.split("+"))
        }
        return said | {condition.column for condition in parse_conditions(self.where)}


class Taken(NamedTuple):
    """What was taken of a table, row by row.

    Attributes
    ----------
    users, items
        The ids, [rows].
    times
        [rows] or None.
    words
        How the columns were understood.
    notes
        What was left out.
    """

    users: Coded
    items: Coded
    times: AnyArray | None
    words: str
    notes: tuple[str, ...]


def take(rows: Rows, selection: Selection) -> Taken:
    """Read the columns that are used, and drop the rows that are not wanted.

    Raises
    ------
    DataError
        If a column cannot be found, or a cell cannot be meant; the message says where.
    """
    where = parse_conditions(selection.where)
    rated = selection.min_rating != ""
    found = named.find(rows, named.parse(selection.columns), rated)
    if rated and found.rating is None:
        raise DataError(f"{rows.where}: has no rating; say which column it is: --columns rating=3")
    places = [named.place_of(rows, condition.column, "time") for condition in where]
    wanted = dict.fromkeys((found.user, found.item, *found.time, *places))
    if rated:
        wanted[found.rating] = None
    read = dict(zip(wanted, rows.read([p for p in wanted if p is not None]), strict=True))
    kept, notes = _wanted(rows, selection, found, read, places)
    return _checked(rows, selection, found, read, kept, notes)


def _wanted(
    rows: Rows, selection: Selection, found: Columns, read: dict[Any, Any], places: list[int]
) -> tuple[Bools | None, list[str]]:
    """Return which rows the conditions keep, None for all, and what to say of it."""
    masks = []
    try:
        for condition, place in zip(parse_conditions(selection.where), places, strict=True):
            masks.append(rows_where(read[place], condition))
        if selection.min_rating != "":
            least = parse_conditions(f"rating>={selection.min_rating}")[0]
            masks.append(rows_where(read[found.rating], least))
    except BadCell as cell:
        raise refused(rows, cell, "correct the line, or leave the condition out") from None
    if not masks:
        return None, []
    kept: Bools = np.logical_and.reduce(masks)
    if not kept.any():
        raise DataError(f"{rows.where}: no row meets the conditions; loosen where or min_rating")
    return kept, []


def _checked(
    rows: Rows,
    selection: Selection,
    found: Columns,
    read: dict[Any, Any],
    kept: Bools | None,
    notes: list[str],
) -> Taken:
    """Turn the columns into ids and times, and drop or refuse rows that lack one."""
    here = None if kept is None else np.flatnonzero(kept)
    times = None if not found.time else _joined([read[place] for place in found.time])
    both = []
    for role, place in (("user", found.user), ("item", found.item)):
        column = read[place] if here is None else read[place].take(here)
        if place not in found.time:
            del read[place]
        try:
            both.append(coded(column, role, selection.missing == "keep"))
        except BadCell as cell:
            advice = f"write a row for each, or name another column: --columns {role}=NAME"
            raise refused(rows, _original(cell, here), advice) from None
    users, items = both
    gone = (users.index < 0) | (items.index < 0)
    if times is not None and here is not None:
        times = times.take(here)
    if times is not None and selection.missing == "drop":
        gone |= times.is_null().to_numpy()
    if gone.any():
        if selection.missing != "drop":
            row = int(np.flatnonzero(gone)[0])
            role, ids, place = ("user", users, found.user)
            if users.index[row] >= 0:
                role, ids, place = ("item", items, found.item)
            raise refused(
                rows,
                _original(BadCell(row, f"the {role} id is {_cell(rows, place, row, here)}"), here),
                "correct or remove the line, or drop all such rows: --set missing=drop",
            )
        good = np.flatnonzero(~gone)
        here = good if here is None else here[good]
        users, items = (c._replace(index=c.index[good]) for c in (users, items))
        times = None if times is None else times.take(good)
        notes.append(
            f"{np.count_nonzero(gone)} rows without a user, an item or a time were dropped"
        )
    if not len(users.index):
        raise DataError(f"{rows.where}: no row is left; loosen the conditions")
    try:
        order = None if times is None else parsed(times, selection.time_format)
    except BadCell as cell:
        advice = "correct or remove the line, or take the order of the rows: --columns time=none"
        raise refused(rows, _original(cell, here), advice) from None
    remarks = {"user": users.remark, "item": items.remark}
    return Taken(users, items, order, named.in_words(rows, found, remarks), tuple(notes))


def _original(cell: BadCell, here: AnyArray | None) -> BadCell:
    """Return the cell with its row in the whole table."""
    return cell if here is None else BadCell(int(here[cell.row]), str(cell))


def _cell(rows: Rows, place: int, row: int, here: AnyArray | None) -> str:
    value = rows.read([place])[0][row if here is None else int(here[row])].as_py()
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return "empty" if text is None or not str(text).strip() else repr(text)


def _joined(parts: list[Any]) -> Any:
    """Return one column of times from a date and a clock, or from year, month, day and so on."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    if len(parts) == 1:
        return parts[0]
    texts = [part.cast(pa.string()) for part in parts]
    if len(parts) == 2:
        return pc.binary_join_element_wise(*texts, " ")
    total = texts[0].cast(pa.int64())
    for text in texts[1:]:
        total = pc.add(pc.multiply(total, 100), text.cast(pa.int64()))
    return total


def build(name: str, taken: Taken, selection: Selection, test: Taken | None = None) -> Interactions:
    """Group what was taken by user; ``test`` comes behind it and stays out of training.

    Raises
    ------
    DataError
        If no user is left.
    """
    notes = list(taken.notes)
    before = len(taken.users.ids)
    train_rows = len(taken.users.index)
    users, items, times = taken.users, taken.items, taken.times
    if test is not None:
        users, items, times = _behind(taken, test, notes)
    data, order = grouped(
        name,
        users,
        items,
        times,
        keep_repeats=selection.keep_repeats,
        min_interactions=selection.min_interactions,
        min_item_interactions=selection.min_item_interactions,
    )
    if not len(data):
        raise DataError(
            f"{name}: no user has {selection.min_interactions} interactions with items that "
            f"{selection.min_item_interactions} users have; choose a smaller min_interactions"
        )
    if data.n_users < before:
        notes.append(
            f"{before - data.n_users} of {before} users have fewer than "
            f"{selection.min_interactions} interactions and were dropped"
        )
    tests = None
    if test is not None:
        mark = np.concatenate(([0], np.cumsum(order >= train_rows)))
        tests = mark[data.indptr[1:]] - mark[data.indptr[:-1]]
    elif times is not None:
        notes.extend(_ties(data, times[order]))
    return replace(data, notes=tuple(notes), columns=taken.words, tests=tests)


def _ties(data: Interactions, times: AnyArray) -> list[str]:
    """Say for how many users the order of the file decides which item is held out."""
    last = data.indptr[1:] - 1
    several = np.diff(data.indptr) > 1
    tied = np.count_nonzero(times[last[several]] == times[last[several] - 1])
    if not tied:
        return []
    return [
        f"{tied} of {data.n_users} users have several items at their last time; the one that comes "
        f"last in the file is held out"
    ]


def _behind(taken: Taken, test: Taken, notes: list[str]) -> tuple[Coded, Coded, AnyArray]:
    """Return both as one table, with times by which the test comes last."""
    known = set(taken.users.ids)
    here = np.array([each in known for each in test.users.ids], np.bool_)[test.users.index]
    if not here.all():
        strangers = len(set(test.users.ids) - known)
        notes.append(f"{strangers} users of the test have no interactions to train on: left out")
    users = _merged(taken.users, test.users, here)
    items = _merged(taken.items, test.items, here)
    part = np.arange(len(users.index)) >= len(taken.users.index)
    times = np.zeros(len(part), np.int64)
    if taken.times is not None and test.times is not None:
        times = np.concatenate((taken.times, test.times[here]))
    rank = np.empty(len(part), np.int64)
    rank[np.lexsort((times, part))] = np.arange(len(part))
    return users, items, rank


def _merged(first: Coded, second: Coded, here: Bools) -> Coded:
    ids = canonical({*first.ids, *second.ids})
    place = {text: number for number, text in enumerate(ids)}
    parts: list[Int32s] = []
    for each, index in ((first, first.index), (second, second.index[here])):
        parts.append(np.array([place[text] for text in each.ids], np.int32)[index])
    return Coded(ids, np.concatenate(parts))
