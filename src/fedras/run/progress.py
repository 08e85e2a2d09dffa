"""How far a run is, for people: a bar on a terminal and in a notebook, nothing elsewhere."""

import sys
from collections.abc import Iterator
from html import escape
from time import monotonic
from typing import Any

from fedras.evaluation.metrics import in_words
from fedras.federation.round import RoundResult
from fedras.run.run import Run

_PAUSE = 0.2  # seconds between two pictures


def followed(run: Run[Any]) -> Iterator[RoundResult]:
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


def _in_cell(run: Run[Any]) -> Iterator[RoundResult]:
    from IPython.display import HTML, display  # noqa: PLC0415 -- it is there already

    handle = display(HTML(_bar(run, "preparing")), display_id=True)
    text, last = "training", monotonic()
    for result in run.rounds():
        text = _quality(result) or text
        if run.finished or monotonic() - last > _PAUSE:
            handle.update(HTML(_bar(run, text)))
            last = monotonic()
        yield result


def _bar(run: Run[Any], text: str) -> str:
    rounds = run.federation.config.rounds
    bar = f'<progress value="{run.round}" max="{rounds}"></progress>'
    return f"{bar} round {run.round} of {rounds} &nbsp; {escape(text)}"


def _on_terminal(run: Run[Any]) -> Iterator[RoundResult]:
    from rich.console import Console  # noqa: PLC0415 -- slow to import
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("preparing", total=run.federation.config.rounds, completed=run.round)
        text = "training"
        for result in run.rounds():
            text = _quality(result) or text
            bar.update(task, completed=run.round, description=text)
            yield result


def _quality(result: RoundResult) -> str:
    return "  ".join(in_words(result.metrics or {}))
