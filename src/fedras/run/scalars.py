"""A run as programs that draw curves take it: a number for each name and step."""

from collections.abc import Mapping
from typing import Any


def of_line(line: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of a line of ``metrics.jsonl``, in groups: ``validation/ndcg@10``."""
    found = {_group(name, line["ranked"]) + name: value for name, value in line.items()}
    return {name: value for name, value in _numbers(found).items() if name != "run/round"}


def of_summary(summary: dict[str, Any]) -> dict[str, float]:
    """Return the quality on the test item, among sampled items and among all."""
    return _numbers({"test": summary["metrics"], "test of all": summary["metrics_full"]})


def _group(name: str, ranked: str | None) -> str:
    if "@" in name:
        return f"{ranked}/"
    return "bytes/" if "bytes" in name or "_per_user" in name else "run/"


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return all that are numbers, also those within others."""
    found: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{name}/{part}": each for part, each in _numbers(value).items()}
        elif isinstance(value, int | float):
            found[name] = value
    return found
