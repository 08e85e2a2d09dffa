"""The display of ``fedras tune``: what is trained, how good it is, and the best so far."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from fedras.cli.displays.output import PREPARING, console, say
from fedras.tuning.rows import best_of, line, options_line
from fedras.tuning.study import Evaluated, Event, Finished, Started, Tuning

Show = Callable[[Event], None]


@contextmanager
def watched(tuning: Tuning, quiet: bool) -> Iterator[Show]:
    """Yield the function that shows an event: live on a terminal, else a line per trial."""
    if quiet or len(tuning.rows) >= tuning.trials:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _live(tuning) as show:
            yield show
    else:
        say(PREPARING)
        yield lambda event: _say(event, tuning)


@contextmanager
def _live(tuning: Tuning) -> Iterator[Show]:
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("trials"), TimeElapsedColumn())
    bar = Progress(*columns, TextColumn("{task.description}"))
    task = bar.add_task("", total=tuning.trials, completed=len(tuning.rows))
    running: dict[int, dict[str, Any]] = {}
    text = Text(PREPARING)

    def show(event: Event) -> None:
        if isinstance(event, Started):
            running[event.trial] = {"options": options_line(event.options), "reached": ""}
        elif isinstance(event, Evaluated):
            found = event.reached
            running[event.trial]["reached"] = (
                f"round {found.round}  NDCG@10 {found.metrics['ndcg@10']:.4f}"
            )
        else:
            running.pop(event.row.trial)
            best = best_of(tuning.rows)
            told = "" if best is None else f"best: {line(best)}"
            bar.update(task, completed=len(tuning.rows), description=told)
        if any(each["reached"] for each in running.values()) or tuning.rows:
            text.plain = "\n".join(
                f"trial {n}  {each['options']}  {each['reached']}" for n, each in running.items()
            )

    with Live(Group(bar, text), console=console(stderr=True)):
        yield show


def _say(event: Event, tuning: Tuning) -> None:
    if isinstance(event, Finished):
        say(f"{len(tuning.rows)}/{tuning.trials}  {line(event.row)}")
