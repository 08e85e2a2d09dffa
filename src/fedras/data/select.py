"""What is taken of a table: which columns, which rows."""

from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fedras.arrays import AnyArray, Bools, Float64s, Int64s
from fedras.data import columns as named
from fedras.data.columns import Columns
from fedras.data.conditions import Condition, parse_conditions, rows_where, texts_of
from fedras.data.forms.rows import CellError, Rows, refused
from fedras.data.ids import Coded, absent, coded
from fedras.data.times import parsed
from fedras.errors import DataError

_DROP = "correct or remove the line, or drop all such rows: --set missing=drop"
_ORDER = "correct or remove the line, or take the order of the rows: --columns time=none"


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
    where, rated = parse_conditions(selection.where), selection.min_rating != ""
    found = named.find(rows, named.parse(selection.columns), rated)
    places = [named.place_of(rows, condition.column, "time") for condition in where]
    if rated and found.rating is None:
        raise DataError(f"{rows.where}: has no rating; say which column it is: --columns rating=3")
    if rated and found.rating is not None:
        where.append(Condition("rating", ">=", (str(selection.min_rating),)))
        places.append(found.rating)
    wanted = list(dict.fromkeys((found.user, found.item, *found.time, *places)))
    table = _Table(rows, dict(zip(wanted, rows.read(wanted), strict=True)))
    table.keep_where(where, places)
    keep_missing = selection.missing == "keep"
    users, items = (table.ids(r, getattr(found, r), keep_missing) for r in ("user", "item"))
    times = table.joined(found.time)
    gone = {"user": users.places < 0, "item": items.places < 0}
    if times is not None and selection.missing == "drop":
        gone["time"] = absent(times)
    lacking = np.logical_or.reduce(list(gone.values()))
    notes = []
    if lacking.any():
        if selection.missing != "drop":
            raise table.lacks(found, gone)
        good = np.flatnonzero(~lacking)
        users, items = (each._replace(places=each.places[good]) for each in (users, items))
        times = None if times is None else times.take(good)
        table.keep(good)
        notes.append(f"{lacking.sum()} rows without a user, an item or a time were dropped")
        if not len(good):
            raise DataError(f"{rows.where}: no row has a user, an item and a time")
    words = named.in_words(rows, found, {"user": users.remark, "item": items.remark})
    if where:
        words += f"; {len(users.places)} rows meet the conditions"
    order = None if times is None else table.times(times, selection.time_format)
    return Taken(users, items, order, words, tuple(notes))


class _Table:
    """The columns that are used, by their places, and the rows that are left of them."""

    def __init__(self, rows: Rows, columns: dict[int, Any]) -> None:
        self._rows, self._columns = rows, columns
        self._here: Int64s | None = None

    def keep(self, good: Int64s) -> None:
        """Go on with some of the rows that are left."""
        self._here = good if self._here is None else self._here[good]

    def keep_where(self, where: list[Condition], places: list[int]) -> None:
        """Go on with the rows that meet all conditions on the columns at ``places``."""
        if not where:
            return
        try:
            found = zip(where, places, strict=True)
            masks = [rows_where(self._columns[place], condition) for condition, place in found]
        except CellError as cell:
            raise self._refused(cell, "correct the line, or leave the condition out") from None
        self.keep(np.flatnonzero(np.logical_and.reduce(masks)))
        if self._here is not None and not len(self._here):
            raise DataError(f"{self._rows.where}: no row meets the conditions; loosen them")

    def column(self, place: int) -> Any:
        """Return what is left of a column, and let it go: it may be the largest thing around."""
        whole = self._columns.pop(place, None)
        if whole is None:
            whole = self._rows.read([place])[0]
        return whole if self._here is None else whole.take(self._here)

    def ids(self, role: str, place: int, keep_missing: bool) -> Coded:
        """Return a column of ids."""
        try:
            return coded(self.column(place), role, keep_missing)
        except CellError as cell:
            advice = f"write a row for each, or name another column: --columns {role}=NAME"
            raise self._refused(cell, advice) from None

    def joined(self, places: tuple[int, ...]) -> Any:
        """Return the column of times, made of date and clock or of year, month, day if need be."""
        import pyarrow as pa  # noqa: PLC0415 -- slow to import
        from pyarrow import compute as pc  # noqa: PLC0415

        if len(places) < 2:
            return self.column(places[0]) if places else None
        try:
            texts = [texts_of(self.column(place)) for place in places]
        except CellError as cell:
            raise self._refused(cell, _ORDER) from None
        if len(places) == 2:
            return pc.binary_join_element_wise(*texts, " ")
        bad = [pc.invert(pc.match_substring_regex(text, r"^\d+$")) for text in texts]
        strange = np.flatnonzero(np.logical_or.reduce([mask.fill_null(False) for mask in bad]))
        if strange.size:
            row = int(strange[0])
            parts = " ".join(str(text[row].as_py()) for text in texts)
            what = f"expected numbers for the time, found {parts[:40]!r}"
            raise self._refused(CellError(row, what), _ORDER)
        total = texts[0].cast(pa.int64())
        for text in texts[1:]:
            total = pc.add(pc.multiply(total, 100), text.cast(pa.int64()))
        return total

    def times(self, column: Any, style: str) -> Int64s | Float64s:
        """Return the times in a column that `joined` gave."""
        try:
            return parsed(column, style)
        except CellError as cell:
            advice = _DROP if absent(column.slice(cell.row, 1))[0] else _ORDER
            raise self._refused(cell, advice) from None

    def lacks(self, found: Columns, gone: dict[str, Bools]) -> DataError:
        """Return the error that names the first row without a user or an item."""
        row, role = min((int(np.argmax(mask)), role) for role, mask in gone.items() if mask.any())
        value = self.column(getattr(found, role))[row].as_py()
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        what = "empty" if text is None or not str(text).strip() else repr(text)
        return self._refused(CellError(row, f"the {role} id is {what}"), _DROP)

    def _refused(self, cell: CellError, advice: str) -> DataError:
        row = cell.row if self._here is None else int(self._here[cell.row])
        return refused(self._rows, CellError(row, str(cell)), advice)
