"""The display of ``fedras tune``: what is trained, how good it is, and the best so far."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from fedras.cli.displays.output import PREPARING, say
from fedras.terminal import console
from fedras.tuning.rows import best_of, line, options_line, score
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
    bar = Progress(*columns)
    task = bar.add_task("", total=tuning.trials, completed=len(tuning.rows))
    running: dict[int, str] = {}
    options: dict[int, str] = {}
    text = Text(PREPARING)

    def show(event: Event) -> None:
        if isinstance(event, Started):
            options[event.trial] = running[event.trial] = (
                f"trial {event.trial}  {options_line(event.options)}"
            )
        elif isinstance(event, Evaluated):
            quality = f"NDCG@10 {score(event.reached):.4f}"
            running[event.trial] = f"{options[event.trial]}  {quality}  round {event.reached.round}"
        else:
            running.pop(event.row.trial)
            bar.update(task, completed=len(tuning.rows))
        best = best_of(tuning.rows)
        if best is not None or isinstance(event, Evaluated):
            lines = [] if best is None else [f"best: {line(best)}"]
            text.plain = "\n".join([*lines, *running.values()])

    with Live(Group(bar, text), console=console(stderr=True)):
        yield show


def _say(event: Event, tuning: Tuning) -> None:
    if isinstance(event, Finished):
        say(f"{len(tuning.rows)}/{tuning.trials}  {line(event.row)}")
