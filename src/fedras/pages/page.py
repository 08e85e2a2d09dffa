"""The report as one HTML file, or as Markdown."""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from fedras.evaluation.metrics import DECIDES
from fedras.pages import curves, words
from fedras.pages.charts import VERSION, Charts, Spec
from fedras.pages.comparison import LUCK, Comparison
from fedras.pages.kept import KeptRun, differing
from fedras.pages.look import PATHS, base_css, colour, dash, shape
from fedras.pages.table import columns_of, rows_of
from fedras.version import __version__


def html(runs: Sequence[KeptRun], comparison: Comparison) -> str:
    """Return the page: all that it needs is in it, and it asks nobody for anything."""
    charts = Charts(runs)
    tiers = {
        run.name: {f"tiers_{at}_{name}": charts.tiers(run, name) for name in (DECIDES, "bytes")}
        for at, run in enumerate(runs)
        if any(line.get("tiers") for line in run.lines)
    }
    drawn = _drawn(charts) | {id_: spec for each in tiers.values() for id_, spec in each.items()}
    specs = {name: spec for name, spec in drawn.items() if spec}
    return _render(
        "page.html.jinja",
        **_common(runs, comparison),
        charts=drawn,
        tiers={name: [id_ for id_, spec in each.items() if spec] for name, each in tiers.items()},
        css=Markup(base_css() + _text("page.css")),  # noqa: S704 -- files of ours
        script=Markup(_script()),  # noqa: S704
        specs=Markup(_json(specs)),  # noqa: S704
        marks=[_mark(run.name, at) for at, run in enumerate(runs)],
    )


def markdown(runs: Sequence[KeptRun], comparison: Comparison) -> str:
    """Return the words and the table of the report."""
    return _render("page.md.jinja", **_common(runs, comparison))


def _common(runs: Sequence[KeptRun], comparison: Comparison) -> dict[str, Any]:
    rows = {row.name: row for row in comparison.rows}
    shown = rows_of(comparison)
    columns = columns_of(shown)
    gaps = [(run.name, gap) for run in runs if (gap := words.gap(run))]
    noted = [(run.name, note) for run in runs for note in words.notes(run)]
    many = len(runs) > 1
    said = [f"{name}: {note}" if many else note for name, note in noted]
    names = dict.fromkeys(name for run in runs for name in run.options)
    return {
        "title": runs[0].name
        if not many
        else f"{len(runs)} runs: {', '.join(r.name for r in runs)}",
        "version": __version__,
        "verdict": words.verdict(comparison),
        "paragraphs": [
            words.paragraph(run, rows[run.name], runs) for run in _told(runs, comparison)
        ],
        "notes": dict.fromkeys([*comparison.notes, *said]),
        "ranked": curves.ranked(runs),
        "has_references": bool(curves.references(runs)),
        "held_out": " or ".join(dict.fromkeys(run.held_out for run in runs)),
        "candidates": f"{runs[0].config.eval_negatives:,}",
        "tested": sum(row.chance is not None for row in comparison.rows),
        "luck": LUCK,
        "heads": [
            {"text": each.head, "number": each.value, "sorted": each.head == "NDCG@10"}
            for each in columns
        ],
        "table": [
            {
                "best": row.name == comparison.best,
                "cells": [
                    {
                        "text": each.text(row),
                        "number": each.value is not None,
                        "value": each.value(row) if each.value else None,
                    }
                    for each in columns
                ],
            }
            for row in shown
        ],
        "gaps": gaps,
        "bills": [(run.name, run.summary["bill"]) for run in runs if run.summary],
        "data": [(run.name, words.data(run)) for run in _of_different_data(runs)],
        "names": [run.name for run in runs],
        "varied": differing(runs),
        "options": {name: [run.options.get(name) for run in runs] for name in names},
    }


def _told(runs: Sequence[KeptRun], comparison: Comparison) -> list[KeptRun]:
    """Return the run that is told of in a paragraph: the best, or the only one."""
    return [run for run in runs if run.name == (comparison.best or runs[0].name)]


def _of_different_data(runs: Sequence[KeptRun]) -> list[KeptRun]:
    """Return a run of each data, the first."""
    first: dict[Any, KeptRun] = {}
    for run in runs:
        first.setdefault(tuple(words.data(run)), run)
    return list(first.values())


def _drawn(charts: Charts) -> dict[str, Spec | None]:
    """Return the charts by the names of their places in the page; None is left out."""
    return {
        "picture": charts.quality_and_bytes(),
        "ndcg": charts.learning("ndcg@10"),
        "hr": charts.learning("hr@10"),
        "sent": charts.paid("sent"),
        "received": charts.paid("received"),
        "sent_each": charts.paid_each_round("sent"),
        "received_each": charts.paid_each_round("received"),
        "sent_parts": charts.parts("sent"),
        "received_parts": charts.parts("received"),
        "actions": charts.actions(),
        "cosine": charts.cosine(),
        "cluster_sizes": charts.spread("cluster_sizes", "rows that take an action", "actions"),
        "cosines": charts.spread("cosines", "cosine of a row and what arrives of it", "rows"),
        "phases": charts.phases(),
        "dropped": charts.refused("dropped uploads"),
        "clipped": charts.refused("clipped rows"),
    }


def _mark(name: str, at: int) -> dict[str, Any]:
    return {"name": name, "colour": colour(at), "dash": dash(at), "path": PATHS[shape(at)]}


def _script() -> str:
    """Return Vega and the page's own script as one that needs nothing else."""
    bundle = vl_convert.javascript_bundle(_text("page.js"), vl_version=VERSION)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _json(value: Any) -> str:
    """Return JSON that can stand in a script element, whatever names are in it."""
    return json.dumps(value).replace("<", "\\u003c")


def _render(template: str, **values: Any) -> str:
    escape = template.endswith(".html.jinja")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=escape,  # noqa: S701 -- Markdown is no HTML
        trim_blocks=not escape,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"md": _escaped, "size": words.size, "value": words.value}
    return environment.get_template(template).render(values)


def _escaped(text: str) -> str:
    """Return text of which Markdown makes nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text)


def _text(name: str) -> str:
    return (files("fedras.pages") / name).read_text("utf-8")
