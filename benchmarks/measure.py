"""What the benchmarks have in common: clocks, quartiles, versions, and where results are kept."""

import json
import os
import platform
import textwrap
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent.parent / "results"
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
Result = dict[str, Any]


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def quartiles(values: Sequence[float]) -> list[float]:
    """Return the lower quartile, the median and the upper quartile."""
    return [float(value) for value in np.percentile(values, [25, 50, 75])]


def machine(*packages: str) -> Result:
    """Return what was measured on: processors, Python and the versions of ``packages``."""
    versions = {name: version(name) for name in ("fedras", "numpy", *packages)}
    return {"processors": os.cpu_count(), "python": platform.python_version()} | versions


def described(made_on: Result) -> str:
    """Return a sentence part that says what `machine` returned."""
    versions = ", ".join(f"{name} {made_on[name]}" for name in made_on if name != "processors")
    return f"{made_on['processors']} processors, {versions}"


def wrapped(*sentences: str) -> str:
    """Return a paragraph of Markdown."""
    return textwrap.fill(" ".join(sentences), 100, break_on_hyphens=False)


def keep(name: str, result: Result) -> None:
    """Write ``results/NAME.json`` and print the same."""
    text = json.dumps(result, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", "utf-8")
    print(text)
