"""Small experiments on generated data, and workers that need no other process."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fedras.experiments.runner import Event, Finished, Preparing, Started
from fedras.experiments.task import Row, Task, perform

ROUNDS = 3
SMALL: dict[str, Any] = {
    "dataset": "synthetic",
    "users": 30,
    "items": 40,
    "interactions": 300,
    "model": "mf",
    "rounds": ROUNDS,
    "eval_every": 1,
}
DATA = "\n".join(f"{k} = {v!r}" for k, v in SMALL.items() if k != "rounds").replace("'", '"')
GRID = f"""
[[grid]]
{DATA}
method = ["fedras", "topk"]
compression_rate = [0.5, 0.75]
"""
TABLE = """
[table]
rows = ["method"]
columns = ["compression_rate"]
best = true
metrics = { "HR@10" = "metrics.hr@10", "NDCG@10" = "metrics.ndcg@10" }
"""
FIGURE = '\n[figure]\nkind = "lines"\nx = "compression rate"\n'
POINTS = 2 * 2 * 2  # methods, rates, seeds
TRIALS = 2 * 5  # methods, learning rates
HEAD = 'title = "Small"\nsource = "Nowhere"\nseeds = { default = 2 }\n'


class Inline:
    """Does tasks where it is called; stops before the task that is one too many."""

    limit = 10_000
    done = 0

    def __init__(self, count: int) -> None:
        self.count = count

    def __enter__(self) -> "Inline":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def run(self, tasks: Sequence[Task]) -> Iterator[Event]:
        if tasks:
            yield Preparing()
        for task in tasks:
            if Inline.done == Inline.limit:
                raise KeyboardInterrupt
            yield Started(task)
            Inline.done += 1
            yield Finished(task, perform(task))


def rows_of(out: Path, name: str = "small") -> list[Row]:
    """Return the rows of an experiment as they are in its folder."""
    lines = (out / name / "runs.jsonl").read_text().splitlines()
    rows: list[Row] = [json.loads(line) for line in lines]
    return rows
