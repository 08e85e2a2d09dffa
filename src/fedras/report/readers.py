"""How the rows of an experiment become the cells of its table."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import mean

from fedras.experiments.experiment import Table
from fedras.experiments.reproduction import Found
from fedras.experiments.task import Row
from fedras.report.cells import Cell, Cells, Place, lookup, place

Reader = Callable[[Sequence[Found], Table], Cells]

DIVERGED = "diverged"
OMITTED = "too much data"
_UNCOMPRESSED = "uncompressed"
_SHARE = 0.95
_MEGA = 1e6


def means(found: Sequence[Found], table: Table) -> Cells:
    """Return a cell for every place that has a finished run: its values by seed."""
    values: dict[Place, list[float | None]] = defaultdict(list)
    for point, row in found:
        for metric, path in table.metrics.items():
            value = lookup(row, path)
            if value is not None or "error" in row:
                values[place(point, table, metric)].append(value)
    return {where: _cell(numbers, DIVERGED) for where, numbers in values.items()}


def baselines(found: Sequence[Found], table: Table) -> Cells:
    """Return a row for each baseline of a run that measured them."""
    return {
        Place(place(point, table, "").section, name, "", metric): _cell(
            [lookup(each, path)], OMITTED
        )
        for point, row in found
        for name, each in row["baselines"].items()
        for metric, path in table.metrics.items()
    }


def within_bytes(found: Sequence[Found], table: Table) -> Cells:
    """Return, for each size of `Table.sizes`, the quality of each row's largest run within it.

    The size of a run is what a client sends and receives in a round, all bytes, if every client
    hears every round. The largest is taken, not the best: the test item chooses nothing.
    """
    runs: dict[str, dict[str, list[Found]]] = defaultdict(lambda: defaultdict(list))
    for each in found:
        row = place(each.point, table, "").row
        options = str({k: v for k, v in each.point.given.items() if k != "seed"})
        runs[row][options].append(each)
    cells: Cells = {}
    for row, by_options in runs.items():
        sizes = {options: mean(map(exchanged, _rows(mine))) for options, mine in by_options.items()}
        for limit in table.sizes:
            fitting = {options: size for options, size in sizes.items() if size <= limit}
            largest = by_options[max(fitting, key=fitting.__getitem__)] if fitting else []
            for metric, path in table.metrics.items():
                values = [lookup(each, path) for each in _rows(largest)]
                remark = DIVERGED if largest else "none so small"
                cells[Place("", row, f"{limit:,} B", metric)] = _cell(values, remark)
    return cells


def bytes_to_quality(found: Sequence[Found], table: Table) -> Cells:
    """Return what reaching 95 % of the uncompressed HR@10 costs, at the first such evaluation.

    The headings of ``metrics`` are ``rounds``, ``heard`` and ``participating``: rounds, and the
    megabytes of the whole federation if every client hears every round, and if clients download
    only when they take part, with all that they missed.
    """
    final = [row["metrics"]["hr@10"] for point, row in found if _is_reference(point.labels, row)]
    if not final:
        return {}
    values: dict[Place, list[float | None]] = defaultdict(list)
    for point, row in found:
        costs = None if "error" in row else _cost(row, _SHARE * mean(final))
        for metric, name in table.metrics.items():
            value = None if costs is None else costs[name]
            values[place(point, table, metric)].append(value)
    return {where: _cell(numbers, "not reached") for where, numbers in values.items()}


def exchanged(row: Row) -> float:
    """Return what a client sends and receives in a round, if it hears every round.

    A method that skips rounds or clients is charged over the rounds that were asked for.
    """
    if "error" in row:
        return math.inf
    whole = 2 * row["uncompressed_bytes_per_client_round"]
    return float((1 - row["wire_compression_rate"]) * whole)


READERS: dict[str, Reader] = {
    "mean": means,
    "baselines": baselines,
    "within-bytes": within_bytes,
    "bytes-to-quality": bytes_to_quality,
}


def _cost(row: Row, wanted: float) -> dict[str, float] | None:
    """Return rounds and megabytes until HR@10 is as wanted, None if it never is."""
    history, clients = row["history"], row["users"]
    reached = [i for i, hr in enumerate(history["hr@10"]) if hr >= wanted]
    if not reached:
        return None
    first = {name: column[reached[0]] for name, column in history.items()}
    rounds = first["round"]
    fraction = row["config"]["client_fraction"] / _MEGA
    up = first["uplink_bytes_per_client_round"] * fraction
    heard = up + first["downlink_bytes_per_client_round"] / _MEGA
    taken = up + first["fetched_bytes_per_participation"] * fraction
    return {
        "rounds": rounds,
        "heard": rounds * clients * heard,
        "participating": rounds * clients * taken,
    }


def _is_reference(labels: dict[str, str], row: Row) -> bool:
    return labels["label"] == _UNCOMPRESSED and "error" not in row


def _rows(found: Sequence[Found]) -> list[Row]:
    return [each.row for each in found]


def _cell(values: Sequence[float | None], remark: str) -> Cell:
    """Return a cell of the values, or of the remark where one is missing."""
    known = tuple(value for value in values if value is not None)
    return Cell(known) if known and len(known) == len(values) else Cell((), remark)
