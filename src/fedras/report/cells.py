"""The cells of a table: where they are, and what they say."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any, NamedTuple

from fedras.experiments.experiment import Point, Table


class Place(NamedTuple):
    """Where a cell is; the labels as the configuration has them, joined by spaces."""

    section: str
    row: str
    column: str
    metric: str


@dataclass(frozen=True)
class Cell:
    """What a table says at a place.

    Attributes
    ----------
    values
        One per seed; none where there is nothing to average.
    remark
        What stands there then.
    """

    values: tuple[float, ...]
    remark: str = ""

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return mean(self.values)

    @property
    def deviation(self) -> float | None:
        """The standard deviation of a sample, None of a single seed."""
        return stdev(self.values) if len(self.values) > 1 else None


Cells = dict[Place, Cell]


def place(point: Point, table: Table, metric: str) -> Place:
    """Return where the results of ``point`` belong."""
    section = point.labels.get(table.sections, "") if table.sections else ""
    return Place(section, _joined(point, table.rows), _joined(point, table.columns), metric)


def lookup(row: Mapping[str, Any], path: str) -> float | None:
    """Return the number at ``path``, its parts separated by dots; None if there is none."""
    value: Any = row
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return float(value)


def distinct(cells: Cells, part: int) -> list[str]:
    """Return the sections (0), rows (1), columns (2) or metrics (3), in order of appearance."""
    return list(dict.fromkeys(where[part] for where in cells))


def _joined(point: Point, names: Iterable[str]) -> str:
    return " ".join(_present(point, names))


def _present(point: Point, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in point.labels:
            yield point.labels[name]
