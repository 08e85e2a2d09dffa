"""The display of a run: live on a terminal, a line per evaluated round elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fedras.cli.displays.output import COMPARING, PREPARING, console, human, say
from fedras.federation.round import RoundResult
from fedras.federation.schedule import joining
from fedras.run import course
from fedras.run.run import Run

Show = Callable[[RoundResult], None]


@contextmanager
def loading(what: str, quiet: bool) -> Iterator[None]:
    """Say that data is being loaded, on a terminal, until the block is done."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(Text(f"loading {what}")):
        yield


@contextmanager
def watched(run: Run[Any], quiet: bool) -> Iterator[Show]:
    """Yield the function that shows a round."""
    if quiet or run.finished:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _live(run) as show:
            yield show
    else:
        say(PREPARING)
        yield lambda result: _say_round(result, run)


def _say_round(result: RoundResult, run: Run[Any]) -> None:
    if _evaluated(result, run):
        say(_figures(run))
        begins = run.federation.server.progress == joining(run.federation.config)
        if begins and (left_out := _left_out(run)):
            say(left_out)
    if run.finished and run.config.baselines:
        say(COMPARING)


@contextmanager
def _live(run: Run[Any]) -> Iterator[Show]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("rounds"))
    bar = Progress(*columns, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    task = bar.add_task("", total=run.length, completed=run.round)
    figures = Text(PREPARING)

    def show(result: RoundResult) -> None:
        bar.update(task, total=run.length, completed=result.round)
        if _evaluated(result, run):
            figures.plain = "\n".join(filter(None, [_figures(run), _left_out(run)]))
        elif figures.plain == PREPARING:
            figures.plain = "training"
        if run.finished and run.config.baselines:
            figures.plain += f"\n{COMPARING}"

    with Live(Group(bar, figures), console=console(stderr=True)):
        yield show


def _evaluated(result: RoundResult, run: Run[Any]) -> bool:
    return bool(run.lines) and run.lines[-1]["round"] == result.round


def _left_out(run: Run[Any]) -> str:
    return course.stopped(run.federation.config, run.federation.server.schedule)


def _figures(run: Run[Any]) -> str:
    means, rates = run.totals.means(), run.rates()
    return (
        f"round {run.round}/{run.length}  {course.latest(run.lines)}  "
        f"up {human(means['uplink_bytes_per_client_round'])}  "
        f"down {human(means['downlink_bytes_per_client_round'])}  "
        f"CR {rates['compression_rate']:.2%} (wire {rates['wire_compression_rate']:.2%})"
    )
