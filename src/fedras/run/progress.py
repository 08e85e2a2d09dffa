"""How far a run is, for people: a bar on a terminal and in a notebook, nothing elsewhere."""

import sys
from collections.abc import Generator
from html import escape
from time import monotonic
from typing import Any

from fedras.federation.round import RoundResult
from fedras.run import course
from fedras.run.run import Run

_PAUSE = 0.2  # seconds between two pictures


def followed(run: Run[Any]) -> Generator[RoundResult, None, None]:
    """Run the rounds that are left, with a bar."""
    if _in_notebook():
        return _in_cell(run)
    return _on_terminal(run) if sys.stderr.isatty() else run.rounds()


def _in_notebook() -> bool:
    """Return whether this is a Jupyter kernel, of whatever kind."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython  # noqa: PLC0415 -- it is there already

    return hasattr(get_ipython(), "kernel")


def _in_cell(run: Run[Any]) -> Generator[RoundResult, None, None]:
    from IPython import display  # noqa: PLC0415 -- it is there already

    last = monotonic()
    start = _bar(run, _quality(run) or "preparing")
    handle = display.display(start, raw=True, display_id=True)
    try:
        for result in run.rounds():
            if monotonic() - last > _PAUSE:
                handle.update(_bar(run, _quality(run) or "training"), raw=True)
                last = monotonic()
            yield result
    finally:  # also where somebody stops it, who wants to know how far it is
        stopped = "" if run.finished else "stopped  "
        handle.update(_bar(run, stopped + _quality(run)), raw=True)


def _bar(run: Run[Any], text: str) -> dict[str, str]:
    """Return a picture of the bar by media type."""
    words = f"round {run.round} of {run.length}"
    bar = f'<progress value="{run.round}" max="{run.length}"></progress>'
    return {
        "text/html": f"{bar} {words} &nbsp; {escape(text)}",
        "text/plain": f"{words}  {text}",
    }


def _on_terminal(run: Run[Any]) -> Generator[RoundResult, None, None]:
    from rich.console import Console  # noqa: PLC0415 -- slow to import
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column  # noqa: PLC0415

    words = TextColumn("{task.description}", table_column=Column())  # these break, no others
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), words)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        start = _quality(run) or "preparing"
        task = bar.add_task(start, total=run.length, completed=run.round)
        for result in run.rounds():
            text = _quality(run) or "training"
            bar.update(task, total=run.length, completed=run.round, description=text)
            yield result


def _quality(run: Run[Any]) -> str:
    """Return what the last evaluation said, nothing before the first."""
    return course.latest(run.lines)
