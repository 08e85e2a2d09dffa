"""The display of a federation: node by node on a terminal, a line per round elsewhere."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fedras.cli.displays.durations import duration
from fedras.cli.displays.output import console, human, say

Status = Mapping[str, Any]
Carried = Sequence[Mapping[str, int]]
Show = Callable[[Status, Carried], None]

_STARTING = "starting SuperLink and SuperNodes: about half a minute"


@contextmanager
def watched(clients: Sequence[int], quiet: bool) -> Iterator[Show]:
    """Yield the function that shows how far the run is.

    It takes what the server says of itself and, by node, the bytes that sockets carried.

    Parameters
    ----------
    clients
        How many each node has.
    quiet
        Whether to show nothing.
    """
    left = _Left()
    if quiet:
        yield lambda *_: None
    elif not sys.stderr.isatty():
        say(_STARTING)
        yield lambda status, carried: say("  ".join(_figures(status, carried, left)))
    else:
        with _live(clients, left) as show:
            yield show


@contextmanager
def _live(clients: Sequence[int], left: "_Left") -> Iterator[Show]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("rounds"), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("{task.description}"))
    task = bar.add_task(_STARTING, total=None)

    def show(status: Status, carried: Carried) -> None:
        _, *figures, ends = _figures(status, carried, left)
        bar.update(task, total=status["rounds"], completed=status["round"], description=ends)
        live.update(Group(bar, _table(clients, carried), "  ".join(figures)))

    with Live(Group(bar), console=console(stderr=True)) as live:
        yield show


def _figures(status: Status, carried: Carried, left: "_Left") -> list[str]:
    awake = sum(node["awake"] for node in status["nodes"].values())
    traffic = [f"{way} {human(sum(each[way] for each in carried))}" for way in ("up", "down")]
    return [
        f"round {status['round']}/{status['rounds']}",
        f"{awake} of {len(carried)} nodes answer",
        *filter(None, [status["quality"], status["stopped"]]),
        *traffic,
        left.after(status["round"], status["rounds"]),
    ]


def _table(clients: Sequence[int], carried: Carried) -> Table:
    table = Table("node", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("clients", "up", "down"):
        table.add_column(heading, justify="right")
    for number, (count, bytes_) in enumerate(zip(clients, carried, strict=True)):
        table.add_row(f"node-{number}", f"{count:,}", human(bytes_["up"]), human(bytes_["down"]))
    return table


class _Left:
    """When a run will be done, by the rounds that were seen."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None

    def after(self, done: int, rounds: int) -> str:
        """Return how long the rest will take, after ``done`` of so many rounds."""
        now = monotonic()
        if self._first is None:
            self._first = done, now
        start, since = self._first
        if done == start:
            return "time left unknown"
        return f"about {duration((now - since) / (done - start) * (rounds - done))} left"
