"""A table or figure of the evaluation: which runs it needs and what is read out of them."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fedras.complaints import explain
from fedras.errors import UsageError
from fedras.registry import unknown

Given = dict[str, Any]

_FOLDER = files("fedras.experiments")
_ORDER = ("table", "figure")
_LABEL, _OBSERVE = "label", "observe"

_UNTRAINED = ("baselines", "compression-time", "statistics")


@dataclass(frozen=True)
class Point:
    """One run that an experiment asks for, before its learning rate is known.

    Attributes
    ----------
    given
        The options of the run.
    observe
        What is measured besides (`experiments.task`); empty for nothing.
    labels
        Where it belongs in the table: every option, and ``label``, as text.
    """

    given: Given
    observe: str
    labels: dict[str, str]

    @property
    def trained(self) -> bool:
        """Whether the run is trained to its end, so that its learning rate matters."""
        return self.observe not in _UNTRAINED


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(_Part):
    """How rows of results become a table.

    Attributes
    ----------
    sections
        The label that makes a table of its own; empty for one table.
    rows, columns
        The labels that name a row and a column. Without columns, each metric is a column.
    metrics
        By heading, the path of a number in a row of results, its parts separated by dots.
    format, formats
        How numbers are written, and those of some metrics.
    best
        Whether the highest of each column is in bold, among the rows of one model.
    read
        How cells come about: the ``mean`` over seeds, or another reader of `report.readers`.
    sizes
        For ``within-bytes``: what a client may send and receive in a round.
    """

    sections: str = ""
    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()
    metrics: dict[str, str]
    format: str = ".4f"
    formats: dict[str, str] = {}
    best: bool = False
    read: str = "mean"
    sizes: tuple[int, ...] = ()


class Figure(_Part):
    """How the same becomes a figure (`report.figures`).

    Attributes
    ----------
    kind
        The sort of drawing.
    x
        What the horizontal axis shows.
    log
        Whether that axis is logarithmic.
    metrics
        The headings of the table that are drawn, by default all.
    reference
        A row that is drawn as a horizontal line.
    targets
        By metric, a value that is drawn as a horizontal line.
    lowest
        By metric, where its axis starts.
    """

    kind: Literal["curves", "lines", "bars", "histogram", "bytes"]
    x: str = ""
    log: bool = False
    metrics: tuple[str, ...] = ()
    reference: str = ""
    targets: dict[str, float] = {}
    lowest: dict[str, float] = {}


class Experiment(_Part):
    """What ``fedras reproduce NAME`` does.

    Attributes
    ----------
    name
        As on the command line.
    title, source
        What it shows, and where the paper does.
    note
        What a reader must know beside the table.
    seeds
        How many seeds each data set is run with; ``default`` for those that are not named.
    grid
        Blocks of options; of those that list several values, every combination is a run.
        ``label`` names a block in the table (by default as the method; ``{option}`` stands for
        its value), ``observe`` what is measured besides.
    table, figure
        What is made of the results.
    """

    name: str
    title: str
    source: str
    note: str = ""
    seeds: dict[str, int] = {"default": 3}
    grid: tuple[Given, ...]
    table: Table
    figure: Figure | None = None

    def points(self, seeds: int | None = None, rounds: int | None = None) -> list[Point]:
        """Return all runs, with so many seeds and rounds instead of the experiment's own."""
        return [
            point
            for block in self.grid
            for choice in _choices(block)
            for point in self._seeded(choice, seeds, rounds)
        ]

    def _seeded(self, choice: Given, seeds: int | None, rounds: int | None) -> Iterator[Point]:
        labels = {_LABEL: choice.get("method", "")} | {k: _text(v) for k, v in choice.items()}
        labels[_LABEL] = labels[_LABEL].format(**choice)
        given = {k: v for k, v in choice.items() if k not in (_LABEL, _OBSERVE)}
        if rounds is not None:
            given["rounds"] = rounds
        default = self.seeds.get(given["dataset"], self.seeds.get("default", 1))
        for seed in range(default if seeds is None else seeds):
            yield Point(given | {"seed": seed}, choice.get(_OBSERVE, ""), labels)


def names() -> list[str]:
    """Return the names of all experiments: tables, figures, then what the paper lacks."""
    found = [path.name.removesuffix(".toml") for path in _FOLDER.iterdir() if _is_toml(path.name)]
    ranks = {
        name: next((i for i, p in enumerate(_ORDER) if name.startswith(p)), 2) for name in found
    }
    return sorted(found, key=lambda name: (ranks[name], name))


def load(name: str) -> Experiment:
    """Return the experiment called ``name``.

    Raises
    ------
    UsageError
        If there is none.
    """
    if name not in names():
        raise UsageError(unknown("experiment", name, [*names(), "tuning", "all"]))
    content = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    try:
        return Experiment.model_validate({"name": name} | content)
    except ValidationError as error:
        raise UsageError(f"experiment {name}: {explain(error)}") from None


def parse_only(text: str) -> dict[str, set[str]]:
    """Read ``dataset=ml-100k,method=fedras``: by label, the values to keep.

    A label that is given more than once keeps each of its values.

    Raises
    ------
    UsageError
        If a part is not KEY=VALUE.
    """
    wanted: dict[str, set[str]] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise UsageError(f"--only {part}: expected KEY=VALUE, such as dataset=ml-100k")
        wanted.setdefault(name, set()).add(value)
    return wanted


def require_known(points: Iterable[Point], wanted: dict[str, set[str]]) -> None:
    """Check that some point has each of the wanted labels and values.

    Raises
    ------
    UsageError
        If none has; one line that names what there is.
    """
    every = list(points)
    for name, values in wanted.items():
        known = sorted({point.labels[name] for point in every if name in point.labels})
        if not known:
            labels = sorted({label for point in every for label in point.labels})
            raise UsageError("--only: " + unknown("key", name, labels))
        for value in sorted(values - set(known)):
            raise UsageError("--only: " + unknown(name, value, known))


def select(points: Iterable[Point], wanted: dict[str, set[str]]) -> list[Point]:
    """Return the points whose labels have the wanted values."""
    return [
        point
        for point in points
        if all(point.labels.get(name) in values for name, values in wanted.items())
    ]


def _choices(block: Given) -> Iterator[Given]:
    options = [value if isinstance(value, list) else [value] for value in block.values()]
    for values in product(*options):
        yield dict(zip(block, values, strict=True))


def _text(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)


def _is_toml(name: str) -> bool:
    return name.endswith(".toml")
