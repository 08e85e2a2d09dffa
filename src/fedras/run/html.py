"""Tables for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape


def table(rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Return rows as an HTML table; numbers are aligned to the right, None is empty.

    A column with a name and without any value is left out.
    """
    rows = [list(row) for row in rows]
    unused = [n for n, _ in enumerate(header) if rows and all(row[n] is None for row in rows)]
    head, *body = [[c for n, c in enumerate(row) if n not in unused] for row in ([*header], *rows)]
    names = "".join(f"<th>{escape(str(name))}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in body)
    return f"<table>{names and f'<thead><tr>{names}</tr></thead>'}<tbody>{lines}</tbody></table>"


def shown(value: object) -> str:
    """Return a value as people read it: numbers with four digits after the point at most."""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else f"{value}"


def _cell(value: object) -> str:
    align = ' style="text-align: right"' if isinstance(value, int | float) else ""
    return f"<td{align}>{escape(shown(value))}</td>"
