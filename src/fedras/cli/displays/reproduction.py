"""The display of ``fedras reproduce``: what runs, what is left and when it ends."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from time import monotonic

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from fedras.cli.displays.durations import duration
from fedras.cli.displays.output import PREPARING, say
from fedras.experiments.costs import Costs
from fedras.experiments.reproduction import Reproduction, Written
from fedras.experiments.runner import Event, Finished, Preparing, Started
from fedras.experiments.task import Row, Task
from fedras.terminal import console

Show = Callable[[Event | Written], None]


@contextmanager
def watched(request: Reproduction, quiet: bool) -> Iterator[Show]:
    """Yield the function that shows an event: live on a terminal, else a line per finished run."""
    if quiet:
        yield lambda _: None
        return
    left = Left(request)
    if not sys.stderr.isatty():
        yield lambda event: _say(event, left)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("runs"), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("{task.description}"))
    task = bar.add_task("", total=left.total)
    running = Text()

    def show(event: Event | Written) -> None:
        left.note(event)
        bar.update(task, total=left.total, completed=left.done, description=left.ends())
        running.plain = PREPARING if isinstance(event, Preparing) else left.running()

    with Live(Group(bar, running), console=console(stderr=True)):
        yield show


class Left:
    """What is left to do, and when that will be done."""

    def __init__(self, request: Reproduction) -> None:
        self._request = request
        self.done = 0
        self.busy: dict[str, tuple[Task, float]] = {}
        self._rows: list[Row] = []
        self._look()

    def _look(self) -> None:
        """Ask again what is left: tuning decides about what follows it."""
        tasks = [task for _, stage in self._request.stages() for task in stage]
        self._left = {task.key: task for task in tasks}
        self._costs = Costs(self._request.store, self._request.choices())
        for row in self._rows:
            self._costs.learn(row)

    @property
    def total(self) -> int:
        """The number of runs, done and left."""
        return self.done + len(self._left)

    def note(self, event: Event | Written) -> None:
        """Take note of what happened."""
        if isinstance(event, Preparing):
            self._look()
        elif isinstance(event, Started):
            self.busy[event.task.key] = event.task, monotonic()
        elif isinstance(event, Finished):
            self.busy.pop(event.task.key)
            self._left.pop(event.task.key, None)
            self.done += 1
            self._rows.append(event.row)
            self._costs.learn(event.row)

    def running(self) -> str:
        """Return a line for each run that a process is at."""
        return "\n".join(str(task) for task, _ in self.busy.values())

    def ends(self) -> str:
        """Return how long it will take, as far as that is known."""
        _, unknown = self._costs.total(self._left.values())
        ends = [0.0] * self._request.workers
        for key, task in sorted(self._left.items(), key=lambda each: each[0] not in self.busy):
            since = monotonic() - self.busy[key][1] if key in self.busy else 0.0
            seconds = max(0.0, (self._costs.seconds(task) or 0.0) - since)
            heappush(ends, heappop(ends) + seconds)
        return f"about {duration(max(ends))} left" + (
            f" and {unknown} runs of unknown length" if unknown else ""
        )


def _say(event: Event | Written, left: Left) -> None:
    left.note(event)
    if isinstance(event, Preparing):
        say(PREPARING)
    if isinstance(event, Finished):
        found = event.row.get("metrics", {})
        quality = "  ".join(f"{name.upper()} {value:.4f}" for name, value in found.items())
        failed = "  diverged" if "error" in event.row else ""
        say(f"{left.done}/{left.total}  {event.task}  {quality}{failed}  {left.ends()}")
