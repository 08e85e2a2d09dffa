"""What items are called in front of people: from a file of items, or a table."""

from typing import Any

from fedras.data import columns as named
from fedras.data.forms.meaning import means, plain
from fedras.data.forms.rows import CellError, Rows, refused
from fedras.data.ids import coded
from fedras.errors import DataError

ROLES = ("item", "title")


def read_titles(rows: Rows, given: str = "") -> dict[str, str]:
    """Return titles by item id; of an item that comes twice, the first.

    Parameters
    ----------
    rows
        The table of items.
    given
        Its columns, as ``item=movieId,title=title``; by default they are found by their names, or
        are the first two.

    Raises
    ------
    DataError
        If a column cannot be found or read.
    """
    chosen = named.parse(given, ROLES)
    item = _place(rows, chosen, "item", 0)
    title = _place(rows, chosen, "title", 1, but=item)
    ids, texts = rows.read([item, title]) if item != title else rows.read([item]) * 2
    try:
        items = coded(ids, "item", keep_missing=True)
    except CellError as cell:
        raise refused(rows, cell, "say which column: --item-columns item=NAME,title=NAME") from None
    found: dict[str, str] = {}
    for place, text in zip(items.places.tolist(), texts.to_pylist(), strict=True):
        if place >= 0 and _readable(text):
            found.setdefault(items.ids[place], _readable(text))
    return found


def _place(rows: Rows, chosen: dict[str, str], role: str, default: int, but: int = -1) -> int:
    """Return the column of a role; in a file of items, a bare ``id`` is the item's."""
    if role in chosen:
        return named.place_of(rows, chosen[role], role)
    if not rows.named:
        if len(rows.names) <= default:
            raise DataError(f"{rows.where}: has one column only; expected item and title")
        return default
    places = [n for n, name in enumerate(rows.names) if n != but]
    bare = {n: plain(rows.names[n]) for n in places}
    ranks: list[Any] = [lambda n: means(rows.names[n], role)]
    if role == "item":
        ranks = [
            lambda n: means(rows.names[n], "item") and bare[n].endswith("id"),
            lambda n: means(rows.names[n], "item") and not means(rows.names[n], "title"),
            lambda n: means(rows.names[n], "id"),
        ]
    else:
        ranks = [lambda n: "title" in bare[n], lambda n: means(rows.names[n], "title")]
    for fits in ranks:
        found = [n for n in places if fits(n)]
        if found:
            return found[0]
    raise DataError(
        f"{rows.where}: no column is called {role} or the like among {named.listed(rows)}; say "
        f"which it is: --item-columns {role}=NAME"
    )


def _readable(text: Any) -> str:
    if isinstance(text, bytes):
        try:
            return text.decode().strip()
        except UnicodeDecodeError:
            return text.decode("latin-1").strip()
    return "" if text is None else str(text).strip()
