"""Training a simulated federation, from the first round to the last."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fedras.config import Config
from fedras.errors import UsageError
from fedras.federation.round import RoundResult
from fedras.federation.simulator import Simulation
from fedras.run.folder import RunFolder
from fedras.run.resumption import absolute, agreed, keep_place
from fedras.run.run import Run


def train(
    config: Config | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    interactions: Any = None,
) -> Iterator[RoundResult]:
    """Train a federation; each step of the iterator is a round.

    Everything is checked, and the data loaded, before this returns. Whoever stops early, with
    Ctrl-C, ``break`` or ``close()``, or ends the program, can resume at the last whole round.

    Parameters
    ----------
    config
        By default the main job, ``Config()``.
    out
        The folder that keeps the run; without one nothing is written.
    resume
        Continue the run in ``out``. Its configuration counts; options that ``config`` sets must
        agree with it, apart from ``threads`` and those that say where its data is, which it names
        from then on.
    interactions
        Data of your own instead of the data set that ``config`` names: `Interactions`, or a table
        in memory (`data.interactions_from`).

    Yields
    ------
    One `RoundResult` per round; its ``metrics`` are set every ``eval_every`` rounds and in the
    last one.

    Raises
    ------
    UsageError
        If the configuration or the folder cannot be meant.
    FedrasError
        If the data cannot be had, the folder cannot be written or the checkpoint is damaged.
    """
    return open_run(config, out, resume, interactions).rounds()


def open_run(
    config: Config | None = None,
    out: str | Path | RunFolder | None = None,
    resume: bool = False,
    interactions: Any = None,
) -> Run[Simulation]:
    """Return a run of a simulated federation; `train` explains parameters and errors."""
    config = absolute(config or Config())
    folder = RunFolder(out) if isinstance(out, str | Path) else out
    if folder is None:
        if resume:
            raise UsageError("to resume a run, say which: give its folder as --out")
    elif resume:
        config = agreed(folder, config)
        folder.lock()
    else:
        folder.require_new()
    try:
        simulation = Simulation(config, interactions)
        if folder is not None and not resume:
            folder.create(simulation.given)
        run = Run(simulation, folder)
        if folder is not None and resume:
            keep_place(folder, config)
        return run
    except BaseException:  # whoever keeps the traceback must not keep the folder
        if folder is not None:
            folder.release()
        raise
