"""Figures in the paper's layout, as SVG and PNG; the same rows give the same files.

matplotlib is an extra (``figures``) and is imported here only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from fedras.errors import UsageError
from fedras.experiments.experiment import Experiment, Figure, Table
from fedras.experiments.reproduction import Found
from fedras.experiments.task import Row
from fedras.extras import install
from fedras.report.cells import Cell, Cells, distinct, lookup, place
from fedras.report.names import written
from fedras.report.readers import exchanged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fedras",
    "font.size": 9,
    "savefig.dpi": 150,
}
_MARKERS = "os^vDPX*<>"
_BINS = (1, 2, 5, 10, 20, 50, 100)
_PANEL = {"bytes": (4.6, 4.6)}
_USUAL = (4.2, 3.2)
_FEW = 10


@dataclass(frozen=True)
class _Panel:
    """What one of the axes shows: a metric of a section.

    Attributes
    ----------
    figure, table
        How it is drawn and read.
    metric
        Its heading in the table.
    found
        The section's rows of results.
    cells
        Its cells of this metric.
    """

    figure: Figure
    table: Table
    metric: str
    found: Sequence[Found]
    cells: Cells

    def runs(self) -> Iterator[tuple[str, list[Found]]]:
        """Return the rows of results by row of the table, without those that diverged."""
        by_row: dict[str, list[Found]] = defaultdict(list)
        for each in self.found:
            if "error" not in each.row:
                by_row[place(each.point, self.table, self.metric).row].append(each)
        yield from by_row.items()

    def line(self, row: str) -> list[Cell]:
        """Return the cells of a row of the table that have values."""
        return [cell for where, cell in self.cells.items() if where.row == row and cell.values]


def require_matplotlib() -> None:
    """Check that figures can be drawn, before hours of runs.

    Raises
    ------
    UsageError
        If matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UsageError(f"figures need matplotlib; run: {install('figures')}")


def draw(experiment: Experiment, found: Sequence[Found], cells: Cells, folder: Path) -> None:
    """Write ``figure.svg`` and ``figure.png``, if there is a figure: a row of axes per section."""
    spec, table = experiment.figure, experiment.table
    if spec is None:
        return
    import matplotlib as mpl  # noqa: PLC0415 -- an extra, and slow to import
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415

    metrics = list(spec.metrics or table.metrics)
    sections = distinct(cells, 0)
    with mpl.rc_context(_STYLE):
        width, height = _PANEL.get(spec.kind, _USUAL)
        size = width * len(metrics) + 1.5, height * len(sections)
        canvas = Canvas(figsize=size, layout="constrained")
        grid = canvas.subplots(len(sections), len(metrics), squeeze=False)
        for row, section in zip(grid, sections, strict=True):
            mine = [each for each in found if place(each.point, table, "").section == section]
            for axes, metric in zip(row, metrics, strict=True):
                shown = {
                    w: c for w, c in cells.items() if (w.section, w.metric) == (section, metric)
                }
                _KINDS[spec.kind](axes, _Panel(spec, table, metric, mine, shown))
                axes.set_ylabel(metric)
                axes.set_title(written(section))
                axes.grid(visible=True, alpha=0.3)
                if metric in spec.lowest:
                    axes.set_ylim(bottom=spec.lowest[metric])
        handles, labels = grid[0][0].get_legend_handles_labels()
        if len(labels) > 1:
            font = "small" if len(labels) > _FEW else "medium"
            canvas.legend(handles, labels, loc="outside right center", fontsize=font)
        canvas.savefig(folder / "figure.svg", metadata={"Date": None, "Creator": None})
        canvas.savefig(folder / "figure.png", metadata={"Software": None})


def _curves(axes: "Axes", panel: _Panel) -> None:
    """Draw the metric over the rounds, each row of the table a line, the mean over the seeds."""
    name = panel.table.metrics[panel.metric].rpartition(".")[2]
    for number, (row, found) in enumerate(panel.runs()):
        histories = [each.row["history"] for each in found]
        values = [mean(at) for at in zip(*(each[name] for each in histories), strict=True)]
        axes.plot(histories[0]["round"], values, **_style(number, row))
    axes.set_xlabel("round")


def _lines(axes: "Axes", panel: _Panel) -> None:
    """Draw the metric over the columns, which are numbers; deviations are bars."""
    spec = panel.figure
    for number, row in enumerate(distinct(panel.cells, 1)):
        cells = panel.line(row)
        if row == spec.reference and cells:
            axes.axhline(cells[0].mean, color="gray", linestyle="--", label=written(row))
        else:
            xs = [float(w.column) for w, c in panel.cells.items() if w.row == row and c.values]
            errors = [cell.deviation or 0.0 for cell in cells]
            ys = [cell.mean for cell in cells]
            axes.errorbar(xs, ys, yerr=errors, capsize=2, **_style(number, row))
    if panel.metric in spec.targets:
        axes.axhline(spec.targets[panel.metric], color="gray", linestyle="--", label="target")
    axes.set_xlabel(spec.x)
    if spec.log:
        axes.set_xscale("log", base=2)


def _bars(axes: "Axes", panel: _Panel) -> None:
    """Draw a bar for each row of the table."""
    cells = {where.row: cell for where, cell in panel.cells.items() if cell.values}
    heights = [cell.mean for cell in cells.values()]
    errors = [cell.deviation or 0.0 for cell in cells.values()]
    axes.bar([written(row) for row in cells], heights, yerr=errors, capsize=3, width=0.6)
    axes.tick_params(axis="x", labelrotation=20)


def _histogram(axes: "Axes", panel: _Panel) -> None:
    """Draw how many clusters hold how many rows, averaged over rounds and seeds."""
    rows = [each.row for _, found in panel.runs() for each in found]
    totals = [0.0] * len(_BINS)
    for row in rows:
        for size, count in row["observed"]["clusters_by_size"].items():
            totals[max(i for i, least in enumerate(_BINS) if int(size) >= least)] += count
    names = [str(a) if b == a + 1 else f"{a}-{b - 1}" for a, b in pairwise(_BINS)]
    axes.bar([*names, f"{_BINS[-1]}+"], [total / len(rows) for total in totals])
    axes.set_xlabel(panel.figure.x)


def _bytes(axes: "Axes", panel: _Panel) -> None:
    """Draw the metric over what a client sends and receives in a round; each row is a line."""
    path = panel.table.metrics[panel.metric]
    for number, (label, found) in enumerate(panel.runs()):
        by_options: dict[str, list[Row]] = defaultdict(list)
        for point, row in found:
            by_options[str({k: v for k, v in point.given.items() if k != "seed"})].append(row)
        points = sorted(
            (mean(map(exchanged, rows)), mean(lookup(row, path) or 0.0 for row in rows))
            for rows in by_options.values()
        )
        axes.plot([x for x, _ in points], [y for _, y in points], **_style(number, label))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda size, _: f"{size / 1000:g} kB")
    axes.set_xlabel("bytes per client and round, up and down")


_KINDS: dict[str, Callable[["Axes", _Panel], None]] = {
    "curves": _curves,
    "lines": _lines,
    "bars": _bars,
    "histogram": _histogram,
    "bytes": _bytes,
}


def _style(number: int, row: str) -> dict[str, Any]:
    """Return how a line looks: a colour and a marker of its own, those of FedRAS thicker."""
    ours = row.lower().startswith("fedras")
    return {
        "color": f"C{number % 10}",
        "marker": _MARKERS[number % len(_MARKERS)],
        "markersize": 4,
        "linestyle": ("-", "--", ":")[number // 10 % 3],
        "linewidth": 2.4 if ours else 1.2,
        "label": written(row),
    }
