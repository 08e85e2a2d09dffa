"""Tables as Markdown and CSV: ours, the paper's and the difference side by side."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fedras.experiments.experiment import Experiment, Table
from fedras.report.cells import Cell, Cells, Place, distinct
from fedras.report.names import written

Published = Mapping[Place, float]

_ROW, _COLUMN, _METRIC = 1, 2, 3


class _Group(NamedTuple):
    """Neighbouring cells under one heading: the metrics of a column, or one metric."""

    heading: str
    column: str
    metrics: tuple[str, ...]


def markdown(
    experiment: Experiment,
    cells: Cells,
    paper: Published,
    below: Mapping[str, str] | None = None,
) -> str:
    """Return the tables of an experiment, each under the name of its section.

    ``below`` is what stands under them, by section.
    """
    parts = []
    for section in distinct(cells, 0):
        mine = {where: cell for where, cell in cells.items() if where.section == section}
        lines = list(_lines(experiment.table, section, mine, paper))
        heading = f"**{written(section)}**\n\n" if section else ""
        said = (below or {}).get(section, "")
        parts.append(heading + "\n".join(lines) + "\n" + (f"\n{said}\n" if said else ""))
    return "\n".join(parts)


def as_csv(cells: Cells, paper: Published) -> str:
    """Return a line per number: where it is, ours, its deviation, the paper's, the difference."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*Place._fields, "ours", "deviation", "seeds", "paper", "difference"])
    for where, cell in cells.items():
        theirs = paper.get(where)
        writer.writerow([*where, *_numbers(cell), theirs, _difference(cell, theirs)])
    return buffer.getvalue()


def _numbers(cell: Cell) -> list[object]:
    if not cell.values:
        return [cell.remark, None, 0]
    return [cell.mean, cell.deviation, len(cell.values)]


def _difference(cell: Cell, theirs: float | None) -> float | None:
    return None if theirs is None or not cell.values else cell.mean - theirs


def _lines(table: Table, section: str, cells: Cells, paper: Published) -> Iterator[str]:
    groups = list(_groups(table, cells))
    compared = {
        group
        for group in groups
        for where in paper
        if (where.section, where.column) == (section, group.column)
        and where.metric in group.metrics
    }
    headings = [*map(_plain, table.rows)]
    for group in groups:
        headings.append(group.heading)
        if group in compared:
            headings += ["paper", "difference"]
    yield "| " + " | ".join(headings) + " |"
    yield "|---" * len(headings) + "|"
    best = _best(table, cells)
    for row in distinct(cells, _ROW):
        texts = _row_names(table, row)
        for group in groups:
            places = [Place(section, row, group.column, metric) for metric in group.metrics]
            ours = [_ours(cells.get(p), _spec(table, p), p in best) for p in places]
            texts.append(ours[0] if ours[0] in _remarks(cells) else _slashed(ours))
            if group in compared:
                texts.append(_slashed(_theirs(paper.get(p), _spec(table, p)) for p in places))
                texts.append(
                    _slashed(_gap(cells.get(p), paper.get(p), _spec(table, p)) for p in places)
                )
        yield "| " + " | ".join(texts) + " |"


def _groups(table: Table, cells: Cells) -> Iterator[_Group]:
    metrics = tuple(distinct(cells, _METRIC))
    columns = distinct(cells, _COLUMN)
    if columns == [""]:
        yield from (_Group(metric, "", (metric,)) for metric in metrics)
        return
    for column in columns:
        name = written(column, *table.columns)
        yield _Group(f"{name}: {' / '.join(metrics)}", column, metrics)


def _row_names(table: Table, row: str) -> list[str]:
    """Return a text per heading; the last takes what is left of a label with spaces."""
    parts = row.split(" ", len(table.rows) - 1)
    return [written(part, kind) for part, kind in zip(parts, table.rows, strict=True)]


def _best(table: Table, cells: Cells) -> set[Place]:
    """Return the best cell of each column among the rows that compete: those of one model."""
    best: dict[tuple[str, str, str], Place] = {}
    for where, cell in cells.items() if table.best else ():
        rival = where.row.split(" ")[0] if len(table.rows) > 1 else ""
        field = rival, where.column, where.metric
        if cell.values and (field not in best or cell.mean > cells[best[field]].mean):
            best[field] = where
    return set(best.values())


def _ours(cell: Cell | None, spec: str, bold: bool) -> str:
    if cell is None:
        return ""
    if not cell.values:
        return cell.remark
    text = f"{cell.mean:{spec}}"
    text = f"**{text}**" if bold else text
    return text if cell.deviation is None else f"{text} ± {cell.deviation:{spec}}"


def _theirs(value: float | None, spec: str) -> str:
    return "" if value is None else f"{value:{spec}}"


def _gap(cell: Cell | None, theirs: float | None, spec: str) -> str:
    gap = None if cell is None else _difference(cell, theirs)
    return "" if gap is None else f"{gap:+{spec}}"


def _remarks(cells: Cells) -> set[str]:
    return {cell.remark for cell in cells.values() if not cell.values}


def _slashed(texts: Iterable[str]) -> str:
    return " / ".join(filter(None, texts))


def _spec(table: Table, where: Place) -> str:
    return table.formats.get(where.metric, table.format)


def _plain(name: str) -> str:
    return name.replace("_", " ")
