"""The display of a federation: node by node on a terminal, a line per round elsewhere."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from fedras.cli.displays.durations import Left
from fedras.cli.displays.output import human, say
from fedras.run import course
from fedras.terminal import console

Status = Mapping[str, Any]
Carried = Sequence[Mapping[str, int]]
Show = Callable[[Status | None, Carried], None]

_STARTING = "starting SuperLink and SuperNodes: about half a minute"
_MOST_SHOWN = 12


@contextmanager
def watched(clients: Sequence[int], rounds: int, quiet: bool) -> Iterator[Show]:
    """Yield the function that shows how far the run is.

    It takes what the server says of itself, None while it says nothing, and the bytes that sockets
    of each node carried.

    Parameters
    ----------
    clients
        How many each node has.
    rounds
        How many there will be.
    quiet
        Whether to show nothing.
    """
    if quiet:
        yield lambda *_: None
    elif sys.stderr.isatty():
        with _live(clients, rounds) as show:
            yield show
    else:
        say(_STARTING)
        yield _Lines(sum(clients)).show


class _Lines:
    """Says each status once; bytes alone are no news."""

    def __init__(self, users: int) -> None:
        self._users, self._left = users, Left()
        self._said: Status | None = None

    def show(self, status: Status | None, carried: Carried) -> None:
        if status is not None and status != self._said:
            self._said = status
            ends = self._left.after(status["round"], status["rounds"])
            round_ = f"round {status['round']}/{status['rounds']}"
            say("  ".join([round_, *_figures(status, carried, self._users), ends]))


@contextmanager
def _live(clients: Sequence[int], rounds: int) -> Iterator[Show]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("rounds"), TimeElapsedColumn())
    bar = Progress(*columns)
    task = bar.add_task("", total=rounds)
    left, nothing = Left(), [{"up": 0, "down": 0}] * len(clients)

    def picture(carried: Carried, *lines: str) -> Group:
        return Group(bar, _table(clients, carried), *map(Text, filter(None, lines)))

    def show(status: Status | None, carried: Carried) -> None:
        if status is None:
            live.update(picture(carried, _STARTING), refresh=True)
            return
        bar.update(task, total=status["rounds"], completed=status["round"])
        figures = "  ".join(_figures(status, carried, sum(clients)))
        ends = left.after(status["round"], status["rounds"])
        live.update(picture(carried, figures, ends), refresh=True)

    with Live(picture(nothing, _STARTING), console=console(stderr=True)) as live:
        yield show


def _figures(status: Status, carried: Carried, users: int) -> list[str]:
    awake = sum(node["awake"] for node in status["nodes"].values())
    sums = {way: sum(each[way] for each in carried) for way in ("up", "down")}
    each_user = human(sum(sums.values()) / max(1, users))
    quality = [course.quality(status["metrics"])] if status["metrics"] else []
    traffic = [f"{way} {human(size)}" for way, size in sums.items()]
    return [f"{awake} of {len(carried)} nodes answer", *quality, *traffic, f"{each_user} a user"]


def _table(clients: Sequence[int], carried: Carried) -> Table:
    table = Table("node", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("clients", "up", "down"):
        table.add_column(heading, justify="right")
    pairs = list(zip(clients, carried, strict=True))
    for number, (count, bytes_) in enumerate(pairs[:_MOST_SHOWN]):
        table.add_row(f"node-{number}", f"{count:,}", human(bytes_["up"]), human(bytes_["down"]))
    if rest := pairs[_MOST_SHOWN:]:
        sums = (human(sum(bytes_[way] for _, bytes_ in rest)) for way in ("up", "down"))
        table.add_row(f"{len(rest)} more", f"{sum(count for count, _ in rest):,}", *sums)
    return table
