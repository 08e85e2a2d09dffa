"""Small experiments on generated data, and workers that need no other process."""

from collections.abc import Iterator, Sequence
from typing import Any

from fedras.experiments.runner import Event, Finished, Started, Warming
from fedras.experiments.task import Task, perform

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
            yield Warming()
        for task in tasks:
            if Inline.done == Inline.limit:
                raise KeyboardInterrupt
            yield Started(task)
            Inline.done += 1
            yield Finished(task, perform(task))
