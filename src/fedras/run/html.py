"""Tables for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape


def table(rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Return rows as an HTML table; numbers are aligned to the right, None is empty."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def shown(value: object) -> str:
    """Return a value as people read it: numbers with four digits after the point at most."""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else f"{value}"


def _cell(value: object) -> str:
    align = ' style="text-align: right"' if isinstance(value, int | float) else ""
    return f"<td{align}>{escape(shown(value))}</td>"
