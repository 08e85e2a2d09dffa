"""The table of a comparison: as text for people, as records for programs."""

import io
from collections.abc import Callable, Sequence
from csv import DictWriter
from typing import Any, NamedTuple

from fedras.evaluation.metrics import DECIDES
from fedras.pages import words
from fedras.pages.comparison import Comparison, Row


class Column(NamedTuple):
    """A column: what is above it, the text of a cell, and what it is sorted by if not that."""

    head: str
    text: Callable[[Row], str]
    value: Callable[[Row], float | None] | None = None


SHOWN = ("run", "NDCG@10", "interval", "less the best", "by luck", "bytes", "leak")
"""The columns for a terminal."""
DIFFERENCES = ("less the best", "by luck")
"""Those of them that are of two runs."""
COLUMNS = (
    Column("run", lambda row: row.name),
    Column(
        "NDCG@10",
        lambda row: words.number(row.metrics.get(DECIDES)),
        lambda row: row.metrics.get(DECIDES),
    ),
    Column("interval", words.interval, lambda row: row.interval.low if row.interval else None),
    Column("less the best", words.less, lambda row: row.less.value if row.less else None),
    Column("by luck", words.chance, lambda row: row.chance),
    Column(
        "HR@10",
        lambda row: words.number(row.metrics.get("hr@10")),
        lambda row: row.metrics.get("hr@10"),
    ),
    Column("bytes", lambda row: words.size(row.bytes), lambda row: row.bytes),
    Column("sent", lambda row: words.size(row.sent), lambda row: row.sent),
    Column("received", lambda row: words.size(row.received), lambda row: row.received),
    Column("leak", lambda row: words.leak(row.leak), lambda row: row.leak and row.leak.f1),
    Column("share", lambda row: words.share(row.share), lambda row: row.share),
    Column(
        "rounds",
        lambda row: "" if row.rounds is None else f"{row.rounds:,}",
        lambda row: row.rounds,
    ),
    Column(
        "seconds",
        lambda row: "" if row.seconds is None else f"{row.seconds:,.1f}",
        lambda row: row.seconds,
    ),
)


def rows_of(comparison: Comparison) -> list[Row]:
    """Return runs and what they are held against, the best first; unfinished ones last."""
    every = [*comparison.rows, *comparison.beside]
    return sorted(every, key=lambda row: -row.metrics.get(DECIDES, -1.0))


def columns_of(rows: Sequence[Row], names: Sequence[str] = ()) -> list[Column]:
    """Return the columns in which there is something, of all or those of these names."""
    wanted = [column for column in COLUMNS if not names or column.head in names]
    return [column for column in wanted if any(column.text(row) for row in rows)]


def records(comparison: Comparison) -> list[dict[str, Any]]:
    """Return a record per row; None where there is nothing."""
    return [_record(row) for row in rows_of(comparison)]


def csv(comparison: Comparison) -> str:
    """Return the records as CSV, with a line of names."""
    rows = records(comparison)
    names = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    table = DictWriter(text, list(names), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _record(row: Row) -> dict[str, Any]:
    interval, less = row.interval, row.less
    return {
        "run": row.name,
        "rounds": row.rounds,
        "hr@10": row.metrics.get("hr@10"),
        "ndcg@10": row.metrics.get(DECIDES),
        "low": interval and interval.low,
        "high": interval and interval.high,
        "less_the_best": less and less.value,
        "less_low": less and less.low,
        "less_high": less and less.high,
        "chance": row.chance,
        "significant": None if row.chance is None else row.significant,
        "sent": row.sent,
        "received": row.received,
        "share_of_uncompressed": row.share,
        "seconds": row.seconds,
        "leak": row.leak and row.leak.f1,
        "leak_of_popular": row.leak and row.leak.popular,
        **row.options,
    }
