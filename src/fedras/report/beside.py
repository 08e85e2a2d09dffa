"""What baselines reach, in a line below the tables of quality that they have no row in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fedras.baselines import BASELINES
from fedras.experiments.experiment import Table
from fedras.experiments.reproduction import Found
from fedras.experiments.task import Row
from fedras.report.cells import Cells, place
from fedras.report.names import written

QUALITY = {"HR@10": "metrics.hr@10", "NDCG@10": "metrics.ndcg@10"}
OBSERVED = "baselines"
_POPULARITY = "popularity"

Reached = Mapping[str, Any]


def beside(
    found: Sequence[Found], table: Table, cells: Cells, rows: Iterable[Row]
) -> dict[str, str]:
    """Return, by section of a table, what stands below it: "" or nothing where nothing is known.

    Parameters
    ----------
    found, table, cells
        The experiment's.
    rows
        All rows that there are; those of ``fedras reproduce baselines`` are looked up.
    """
    if not QUALITY.items() <= table.metrics.items():
        return {}
    known = {row["config"]["dataset"]: row[OBSERVED] for row in rows if row["observe"] == OBSERVED}
    datasets: dict[str, set[str]] = {}
    for point, _ in found:
        if point.observe != OBSERVED:
            section = place(point, table, "").section
            datasets.setdefault(section, set()).add(point.given["dataset"])
    return {
        section: _line(known[mine.pop()], table, section, cells)
        for section, mine in datasets.items()
        if len(mine) == 1 and mine <= known.keys()
    }


def _line(reached: Reached, table: Table, section: str, cells: Cells) -> str:
    quality = {
        name: tuple(each["metrics"][path.removeprefix("metrics.")] for path in QUALITY.values())
        for name, each in reached.items()
        if "metrics" in each
    }
    best = max(quality, key=lambda name: quality[name][1])
    popular = dict(zip(QUALITY, quality[_POPULARITY], strict=True))
    below = {
        f"{_words(where.row, table.rows)} at {written(where.column, *table.columns)}"
        if where.column
        else _words(where.row, table.rows)
        for where, cell in cells.items()
        if where.section == section
        and where.metric in popular
        and cell.values
        and cell.mean <= popular[where.metric]
    }
    said = f"; at or below it in one of them: {', '.join(sorted(below))}" if below else ""
    return (
        f"HR@10 / NDCG@10 of popularity: {_both(quality[_POPULARITY])}{said}. Of the best that "
        f"sees all data in one place, {BASELINES.get(best).title}: {_both(quality[best])}."
    )


def _words(row: str, kinds: Sequence[str]) -> str:
    parts = row.split(" ", max(0, len(kinds) - 1))
    return " ".join(written(part, kind) for part, kind in zip(parts, kinds, strict=True))


def _both(values: Iterable[float]) -> str:
    return " / ".join(f"{value:.4f}" for value in values)
