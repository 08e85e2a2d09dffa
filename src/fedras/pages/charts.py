"""The charts of a report, as Vega-Lite drawn through Altair."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any, Literal

import altair as alt

from fedras.pages import curves
from fedras.pages.curves import Rows
from fedras.pages.kept import KeptRun
from fedras.pages.look import PAGE, Look, colour, dash, shape

Spec = dict[str, Any]

VERSION = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""Of Vega-Lite, as `vl_convert` knows it."""

_POINTS = 30  # a run, up to which a line shows where it was measured
_FAR = 30  # times as much, from which on an axis is logarithmic
_BYTES = "format(datum.value, '~s') + 'B'"


class Charts:
    """Draws runs; each has the same colour, dash and mark in all charts.

    Parameters
    ----------
    runs
        In the order of their colours.
    look
        Of the page or of a file.
    """

    def __init__(self, runs: Sequence[KeptRun], look: Look = PAGE) -> None:
        self.runs, self.look = runs, look
        self._names = [run.name for run in runs]

    def quality_and_bytes(self) -> Spec | None:
        """Return the picture of all: NDCG@10 against what one user sends and receives."""
        ends, way = curves.at_the_end(self.runs), curves.on_the_way(self.runs)
        if not ends and not way:
            return None
        x = _sizes([row["bytes"] for row in [*ends, *way]])
        y = _qualities([row["quality"] for row in [*ends, *way, *curves.references(self.runs)]])
        line = (
            _chart(way)
            .mark_line(strokeWidth=1.5, opacity=0.85)
            .encode(x, y, **self._by_run(line=True))
        )
        filled = alt.condition("datum.kind == 'this run'", self._colour(), alt.value("transparent"))
        point = _chart(ends).mark_point(size=140, strokeWidth=2, opacity=1).encode(
            x, y, fill=filled, stroke=self._colour(), shape=self._shape(),
            tooltip=["run:N", "kind:N", _number("quality", "NDCG@10"), _size()],
        )  # fmt: skip
        layers = [*self._references(), line, point]
        text = "Quality (NDCG@10) against the bytes that one user sends and receives"
        return self._finished(alt.layer(*layers), text, height=self.look.height + 80)

    def learning(self, metric: str) -> Spec | None:
        """Return a metric of what is ranked while training, by round."""
        title = f"{metric.upper()}, {curves.ranked(self.runs)}"
        return self._lines(curves.learning(self.runs, metric), "value", title, zero=False)

    def paid(self, way: str) -> Spec | None:
        """Return the bytes of one user so far: by what they are, or by run if there are several."""
        title = f"bytes {way} by one user so far"
        if len(self.runs) > 1:
            return self._lines(curves.paid_so_far(self.runs, way), "bytes", title, sizes=True)
        return self._parts(curves.parts_so_far(self.runs[0], way), title)

    def paid_each_round(self, way: str) -> Spec | None:
        """Return the bytes of a participant in each round: by what they are, or by run."""
        title = f"bytes {way} by a participant, a round"
        if len(self.runs) > 1:
            return self._lines(curves.paid_each_round(self.runs, way), "bytes", title, sizes=True)
        return self._parts(curves.parts_each_round(self.runs[0], way), title)

    def _parts(self, rows: Rows, title: str) -> Spec | None:
        """Return bytes over the rounds, by what they are; None if there are no rows."""
        if not rows:
            return None
        chart = _chart(rows).mark_area(opacity=0.85).encode(
            _round(), alt.Y("bytes:Q", title=title, stack="zero", axis=_bytes_axis()),
            color=self._part(), tooltip=["round:Q", "part:N", _size()],
        )  # fmt: skip
        return self._finished(chart, f"{title}, by what they are")

    def parts(self, way: str) -> Spec | None:
        """Return what the bytes of one user are, a bar for each run if there are several."""
        mine = [row for row in curves.parts_at_the_end(self.runs) if row["way"] == way]
        if not mine or len(self.runs) == 1:
            return None
        names = alt.Y("run:N", title=None, sort=self._names, axis=alt.Axis(labelLimit=110))
        chart = _chart(mine).mark_bar(height={"band": 0.7}).encode(
            alt.X("bytes:Q", title=f"bytes {way} by one user", axis=_bytes_axis()), names,
            color=self._part(), tooltip=["run:N", "part:N", _size()],
        )  # fmt: skip
        text = f"What the bytes are that one user has {way}, by run"
        return self._finished(chart, text, height=60 + 28 * len(self.runs))

    def actions(self) -> Spec | None:
        """Return how many distinct vectors a client is sent, by round."""
        rows = curves.per_round(self.runs, "avg_actions")
        return self._lines(rows, "value", "actions (distinct vectors) a client is sent", zero=False)

    def cosine(self) -> Spec | None:
        """Return how near coded updates are to what they stand for, by round."""
        rows = curves.per_round(self.runs, "avg_cosine")
        title = "cosine of coded update and update"
        return self._lines(rows, "value", title, zero=False)

    def spread(self, name: str, title: str, of: str) -> Spec | None:
        """Return a histogram, a bar for each bin, or a line for each run if there are several."""
        bins, rows = curves.spread(self.runs, name)
        if not rows:
            return None
        x = alt.X("bin:O", title=title, sort=bins, axis=alt.Axis(labelAngle=0, labelOverlap=True))
        y = alt.Y("share:Q", title=f"share of {of}", axis=alt.Axis(format="%", tickCount=4))
        shown = ["run:N", alt.Tooltip("bin:O", title=title), alt.Tooltip("share:Q", format=".2%")]
        if len(self.runs) > 1:
            drawn = _chart(rows).mark_line(strokeWidth=2, point={"size": 24})
        else:
            drawn = _chart(rows).mark_bar()
        looks = self._by_run(line=True) if len(self.runs) > 1 else {"color": self._colour()}
        return self._finished(drawn.encode(x, y, tooltip=shown, **looks), f"{title}, share of {of}")

    def phases(self) -> Spec | None:
        """Return how long the phases of a round take, a bar for each run."""
        rows = curves.phases(self.runs)
        if not rows:
            return None
        there = {row["phase"] for row in rows}
        names = alt.Y("run:N", title=None, sort=self._names, axis=alt.Axis(labelLimit=110))
        chart = _chart(rows).mark_bar(height={"band": 0.7}).encode(
            alt.X("ms:Q", title="milliseconds of a round", axis=alt.Axis(tickCount=5)), names,
            color=_colours("phase:N", [each for each in curves.PHASES.values() if each in there]),
            tooltip=["run:N", "phase:N", _number("ms", "milliseconds")],
        )  # fmt: skip
        text = "What the time of a round goes to, on average over the rounds"
        return self._finished(chart, text, height=60 + 28 * len(self.runs))

    def tiers(self, run: KeptRun, name: str) -> Spec | None:
        """Return NDCG@10, or ``bytes``, of clients of different budgets, by round."""
        rows = curves.tiers(run, name)
        if not rows:
            return None
        sizes = name == "bytes"
        title = "bytes of one user so far" if sizes else f"{name.upper()}, {curves.ranked([run])}"
        names = list(dict.fromkeys(row["tier"] for row in rows))
        axis = _bytes_axis() if sizes else alt.Axis(tickCount=5)
        y = alt.Y(f"{name}:Q", title=title, scale=alt.Scale(zero=sizes), axis=axis)
        shown = _size() if sizes else _number(name, title)
        dashes = alt.Scale(domain=names, range=[dash(at) for at in range(len(names))])
        chart = _chart(rows).mark_line(strokeWidth=2).encode(
            _round(), y, color=_colours("tier:N", names, "budget"),
            strokeDash=alt.StrokeDash("tier:N", scale=dashes, title="budget"),
            tooltip=["tier:N", "round:Q", shown],
        )  # fmt: skip
        return self._finished(chart, f"{title}, by budget and round, of {run.name}")

    def refused(self, what: str) -> Spec | None:
        """Return dropped uploads or clipped rows so far; None if there are none."""
        rows = [row for row in curves.refused(self.runs) if row["what"] == what]
        if not any(row["value"] for row in rows):
            return None
        return self._lines(rows, "value", f"{what} so far")

    def _references(self) -> list[alt.LayerChart | alt.Chart]:
        """Return lines of what runs are held against, named at the left and at the right."""
        found: list[alt.LayerChart | alt.Chart] = []
        places: tuple[Literal["left", "right"], ...] = ("left", "right")
        for row, place in zip(curves.references(self.runs), places, strict=False):
            base = _chart([row]).encode(alt.Y("quality:Q"))
            found.append(base.mark_rule(strokeDash=[3, 3], color=self.look.ink, opacity=0.8))
            words = f"{row['name']} {row['quality']:.4f}"
            at = alt.value(4) if place == "left" else alt.value("width")
            text = base.mark_text(align=place, dy=-9, color=self.look.ink, fontSize=12)
            found.append(text.encode(x=at, text=alt.value(words)))
        return found

    def _lines(
        self, rows: Rows, value: str, title: str, zero: bool = True, sizes: bool = False
    ) -> Spec | None:
        """Return a line for each run over the rounds; None if there are no rows."""
        if not rows:
            return None
        axis = _bytes_axis() if sizes else alt.Axis(tickCount=5)
        shown = _size() if sizes else _number(value, title)
        few = len(rows) <= _POINTS * len(self.runs)
        points = {"size": 24} if few else False
        far = not zero and _far([row[value] for row in rows])
        scale = alt.Scale(type="log") if far else alt.Scale(zero=zero)
        y = alt.Y(f"{value}:Q", title=title, scale=scale, axis=axis)
        chart = _chart(rows).mark_line(strokeWidth=2, point=points).encode(
            _round(), y, tooltip=["run:N", "round:Q", shown], **self._by_run(line=True)
        )  # fmt: skip
        return self._finished(chart, f"{title}, by round")

    def _by_run(self, line: bool) -> dict[str, Any]:
        dashes = [dash(at) for at in range(len(self.runs))]
        scale = alt.Scale(domain=self._names, range=dashes)
        return {
            "color": self._colour(),
            "strokeDash": alt.StrokeDash("run:N", scale=scale, legend=None),
        }

    def _colour(self) -> alt.Color:
        colours = [colour(at) for at in range(len(self.runs))]
        scale = alt.Scale(domain=self._names, range=colours)
        legend = alt.Legend(title=None) if self.look.legend and len(self.runs) > 1 else None
        return alt.Color("run:N", scale=scale, legend=legend)

    def _shape(self) -> alt.Shape:
        shapes = [shape(at) for at in range(len(self.runs))]
        return alt.Shape("run:N", scale=alt.Scale(domain=self._names, range=shapes), legend=None)

    def _part(self) -> alt.Color:
        """Return a colour for each kind of bytes, the same both ways."""
        there = {row["part"] for row in curves.parts_at_the_end(self.runs) if row["bytes"]}
        known = [part for part in curves.PARTS.values() if part in there]
        return _colours("part:N", [*known, *sorted(there.difference(known))])

    def _finished(self, chart: Any, description: str, height: int | None = None) -> Spec:
        """Return what Vega-Lite reads, checked against its schema."""
        size = {"width": self.look.width, "height": height or self.look.height}
        spec: Spec = chart.properties(description=description, **size).to_dict()
        return spec | {"config": self.look.config()}


def _colours(field: str, names: list[str], title: str | None = None) -> alt.Color:
    """Return a colour for each of some names, in their order."""
    scale = alt.Scale(domain=names, range=[colour(at) for at in range(len(names))])
    return alt.Color(field, title=title, scale=scale)


def _far(values: list[float]) -> bool:
    """Return whether values are of different orders of magnitude."""
    return min(values) > 0 and max(values) > _FAR * min(values)


def _chart(rows: Rows) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _sizes(sizes: list[float]) -> alt.X:
    """Return a logarithmic axis of bytes, with a label at each 1 and 3 of a power of ten."""
    low, high = 0.7 * min(sizes), 1.5 * max(sizes)
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks = [each for power in powers for each in (10**power, 3 * 10**power) if low < each < high]
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = alt.Axis(values=ticks, labelExpr=_BYTES, grid=False, labelOverlap=True)
    return alt.X("bytes:Q", title="bytes that one user sends and receives", scale=scale, axis=axis)


def _qualities(values: list[float]) -> alt.Y:
    """Return an axis of NDCG@10 with room for the names of lines."""
    room = max(0.01, 0.08 * (max(values) - min(values)))
    domain = [max(0.0, min(values) - room), max(values) + room]
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    return alt.Y("quality:Q", title="NDCG@10", scale=scale, axis=alt.Axis(tickCount=5))


def _round() -> alt.X:
    return alt.X("round:Q", title="round", axis=alt.Axis(tickCount=5, grid=False, tickMinStep=1))


def _bytes_axis() -> alt.Axis:
    return alt.Axis(labelExpr=_BYTES, tickCount=4, labelOverlap=True)


def _number(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=".4~f")


def _size() -> alt.Tooltip:
    return alt.Tooltip("bytes:Q", title="bytes", format=",.0f")
