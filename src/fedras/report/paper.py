"""The values that the paper published, by table and cell."""

import math
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from fedras.report.cells import Place


@cache
def published(name: str) -> dict[Place, float]:
    """Return the published values of a table or figure; none of what the paper has no numbers for.

    ``paper.toml`` has a table of the paper as the paper prints it: rows and columns by the labels
    of our own table, each cell with a number per metric.
    """
    text = (files("fedras.report") / "paper.toml").read_text("utf-8")
    content = tomllib.loads(text).get(name)
    return dict(_places(content)) if content else {}


def _places(table: dict[str, Any]) -> Iterator[tuple[Place, float]]:
    metrics = table["metrics"]
    for section, content in table["sections"].items():
        columns = content.get("columns", [""])
        for row, cells in content["rows"].items():
            for column, cell in zip(columns, cells, strict=True):
                for metric, value in zip(metrics, cell, strict=True):
                    if not math.isnan(value):
                        yield Place(section, row, column, metric), value
