"""Training and recommending in a line each, from a notebook or a program."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fedras import data
from fedras.complaints import explain
from fedras.components import at, complete, labelled
from fedras.config import Config
from fedras.data.interactions import Interactions
from fedras.data.select import Selection
from fedras.errors import UsageError
from fedras.federation.simulator import Simulation
from fedras.run.folder import RunFolder
from fedras.run.progress import followed
from fedras.run.resumption import absolute, decisive
from fedras.run.run import Run
from fedras.run.trained import Trained
from fedras.run.training import open_run

if TYPE_CHECKING:
    from fedras.tuning.found import Tuned


def fit(
    table: Any = "ml-100k",
    items: Any = None,
    out: str | Path | None = None,
    progress: bool = True,
    **options: Any,
) -> Trained:
    """Train a federation on a table, a file or a published data set.

    Parameters
    ----------
    table
        A data frame, an Arrow table, an array, a sparse matrix, columns or rows in memory
        (`data.interactions_from`); or the path of a file, or the name of a data set.
    items
        Titles: a mapping from item id to title, or a table; for a file the path of another.
    out
        The folder that keeps the run; without one it is in memory, until `Trained.save`. If the
        same run is there already it goes on where it stopped, so that a cell can be run again.
    progress
        Whether to show a bar, and how the columns were understood.
    options
        Any option of `Config`, of the model or the method, or of how the table is read:
        ``method="topk"``, ``actions=8``, ``rounds=100``, ``columns={"user": "member"}``,
        ``min_rating=4``.

    Returns
    -------
    What it has learnt: recommends, finds similar items, and says what it cost.

    Raises
    ------
    UsageError
        If an option cannot be meant, or ``out`` holds another run.
    DataError
        If the table cannot be read.
    FedrasError
        If the folder cannot be written.
    """
    config, given = _understood(table, items, options)
    folder = None if out is None else RunFolder(out)
    resume = folder is not None and folder.has_begun()
    if folder is not None and resume:
        _require_same(folder, complete(labelled(absolute(config), given)))
    run = open_run(config, folder, resume, given)
    told = run.federation.interactions
    if progress:
        for line in ([f"columns: {told.columns}"] if told.columns else []) + list(told.notes):
            print(line)
    for _ in followed(run) if progress else run.rounds():
        pass
    return Trained(run)


def tune(
    table: Any = "ml-100k",
    items: Any = None,
    out: str | Path | None = None,
    search: Mapping[str, Any] | None = None,
    trials: int = 40,
    seconds: float | None = None,
    jobs: int = 1,
    progress: bool = True,
    **options: Any,
) -> "Tuned":
    """Find the options that do best on the validation item; needs the extra ``tune``.

    Parameters
    ----------
    table, items
        As for `fit`.
    out
        The folder that keeps the trials. If the same tuning is there already it goes on.
    search
        What to search besides what models and methods declare, or instead:
        ``{"learning_rate": "0.1..10", "model": ["mf", "ncf"]}``.
    trials
        How many, those that are in ``out`` included.
    seconds
        No trial begins after so many; those that are trained end at their next evaluated round.
    jobs
        Trials at a time; with more than one each is in a process of its own.
    progress
        Whether to print a line per trial.
    options
        As for `fit`; they stay as they are.

    Returns
    -------
    The best configuration and all trials.

    Raises
    ------
    UsageError
        If an option or what is searched cannot be meant, or ``out`` holds something else.
    DataError
        If the table cannot be read.
    FedrasError
        If no trial could be trained, or the folder cannot be written.
    """
    from fedras.tuning.folder import TuningFolder  # noqa: PLC0415 -- Optuna is an extra
    from fedras.tuning.start import open_tuning, require_optuna  # noqa: PLC0415

    require_optuna()
    from fedras.tuning.found import worked_off  # noqa: PLC0415
    from fedras.tuning.space import searched  # noqa: PLC0415

    config, given = _understood(table, items, options)
    wanted = {name: searched(name, what) for name, what in (search or {}).items()}
    folder = None if out is None else TuningFolder(out)
    resume = folder is not None and folder.has_begun()
    tuning = open_tuning(config, wanted, trials, jobs, seconds, folder, resume, given, True)
    return worked_off(tuning, progress)


def load(
    folder: str | Path,
    data_dir: str | Path | None = None,
    interactions: Any = None,
    dataset: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    items: Any = None,
) -> Trained:
    """Load what a run has learnt so far.

    Parameters
    ----------
    folder
        The run's folder.
    data_dir
        Where the data sets are, if not where they were in training.
    interactions
        The data, if it was in memory: `Interactions` or a table. Data is recognised by its
        content.
    dataset
        The file that the data is in now, if it was moved or in memory.
    options
        How the table or the file is to be read.
    items
        Titles for a table, as for `fit`.

    Raises
    ------
    UsageError
        If the folder holds no run, or one without a checkpoint yet.
    FedrasError
        If the checkpoint is damaged, or the data is not what it was or cannot be had.
    """
    kept = RunFolder(folder)
    config = kept.config()
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": Path(data_dir)})
    if dataset is not None:
        config = at(config, str(dataset))
    if interactions is not None:
        interactions = data.interactions_from(interactions, items, **dict(options or {}))
    else:
        config = config.model_copy(update={"options": config.options | dict(options or {})})
    run = Run(Simulation(config, interactions), kept)
    if not kept.has_begun():
        raise UsageError(
            f"the run in {kept.path} has no checkpoint yet; continue it with "
            f"fedras train --resume --out {kept.path}"
        )
    return Trained(run)


def _understood(
    table: Any, items: Any, options: dict[str, Any]
) -> tuple[Config, Interactions | None]:
    """Return the configuration, and the data if it is in memory."""
    if isinstance(table, str | Path):
        named = {"dataset": str(table)} | ({} if items is None else {"items": str(items)})
        return _config(options | named), None
    reading = {*Selection.model_fields, "item_columns", "name"}
    how = {name: value for name, value in options.items() if name in reading}
    config = _config({name: value for name, value in options.items() if name not in how})
    return config, data.interactions_from(table, items, **how)


def _config(options: dict[str, Any]) -> Config:
    try:
        return Config.model_validate(options)
    except ValidationError as error:
        raise UsageError(explain(error)) from None


def _require_same(folder: RunFolder, wanted: Config) -> None:
    """Raise UsageError unless the run in the folder is of the same options."""
    ours, theirs = decisive(folder.config()), decisive(wanted)
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            raise UsageError(
                f"option {name} is {theirs.get(name)} here but {ours.get(name)} in {folder.path}; "
                "choose another out"
            )
