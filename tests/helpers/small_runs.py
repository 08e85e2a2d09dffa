"""Small runs on generated data, and commands in this process or another."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fedras.run.folder import RunFolder

ROUNDS = 12
SMALL: dict[str, Any] = {
    "dataset": "synthetic",
    "users": 40,
    "items": 4000,
    "interactions": 600,
    "rounds": ROUNDS,
    "eval_every": 1,
    "compression_rate": 0.99,
    "threads": 1,
    "baselines": False,
    "patience": 0,  # all rounds are done
}
ARGUMENTS = [
    part for name, value in SMALL.items() for part in ("--set", f"{name}={json.dumps(value)}")
]


class Answer(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


Fedras = Callable[..., Answer]


def start(*arguments: object, code: str = "") -> subprocess.Popen[str]:
    """Start a command in another process, after ``code``."""
    script = f"{code}\nfrom fedras.cli import main\nmain()"
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return the metrics of a run without the time they took."""
    parsed = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if not name.startswith("seconds")}
        for line in parsed
    ]


def assert_same(one: Path, other: Path) -> None:
    """Two runs ended with the same numbers, bit for bit, and left nothing else behind."""
    first, second = RunFolder(one).checkpoint(), RunFolder(other).checkpoint()
    assert first is not None
    assert second is not None
    assert first.arrays.keys() == second.arrays.keys()
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(array, second.arrays[name], strict=True)
    assert first.values["state"] == second.values["state"]
    assert lines(one) == lines(other)
    assert _timeless(one) == _timeless(other)
    assert {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}


def _timeless(folder: Path) -> dict[str, Any]:
    summary = RunFolder(folder).summary()
    assert summary is not None
    return {
        name: value
        for name, value in summary.items()
        if name not in {"seconds", "peak_memory_mb", "versions"}
    }
