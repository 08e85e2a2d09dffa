"""Before the first trial: what is searched, on which data, and where it is kept."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fedras import data
from fedras.components import complete, interactions_of, labelled
from fedras.config import Config
from fedras.data import Interactions
from fedras.data.fingerprint import fingerprint
from fedras.errors import FedrasError, UsageError
from fedras.extras import install
from fedras.run.resumption import absolute, agreed_with
from fedras.tuning.folder import Plan, TuningFolder
from fedras.tuning.space import Searched, Space
from fedras.tuning.trial import trial_config

if TYPE_CHECKING:
    from fedras.tuning.study import Tuning

TRIALS = 40
"""How many trials there are by default."""


def open_tuning(
    config: Config,
    search: Mapping[str, Searched],
    trials: int | None = None,
    jobs: int = 1,
    seconds: float | None = None,
    folder: TuningFolder | None = None,
    resume: bool = False,
    table: Any = None,
    whole: bool = False,
) -> "Tuning":
    """Return a tuning, new or gone on with; it is locked.

    Parameters
    ----------
    config
        The options that stay as they are; to resume, those that are set must be as before.
    search
        What is searched besides what components declare; to resume, the same or nothing.
    trials
        How many in all, by default 40; to resume, as many as before.
    jobs, seconds, folder
        As for `Tuning`.
    resume
        Whether to go on with what is in the folder.
    table
        Data in memory instead of what ``config`` names.
    whole
        Whether, to resume, all that was given before must be given again.

    Raises
    ------
    UsageError
        If Optuna is missing, or options, search or folder cannot be meant.
    FedrasError
        If the data cannot be had, or the folder cannot be read or written.
    """
    require_optuna()
    config, plan = labelled(absolute(config), table), None
    space = Space(given_of(config), search)
    try:
        if folder is not None and resume:
            plan = folder.planned()
            space = _same(folder, plan, config, search, whole)
            folder.lock()
        elif folder is not None:
            folder.require_new()
        space.require_possible()
        found = interactions_of(trial_config(space.given, config.threads), table)
        wanted = trials or (plan.trials if plan else TRIALS)
        if folder is not None:
            _keep(folder, plan, Plan(wanted, fingerprint(found), space.given, space.wanted), found)
        from fedras.tuning.study import Tuning  # noqa: PLC0415 -- needs Optuna

        return Tuning(space, found, wanted, jobs, seconds, folder)
    except BaseException:  # whoever keeps the traceback must not keep the folder
        if folder is not None:
            folder.release()
        raise


def require_optuna() -> None:
    """Raise UsageError if Optuna is missing."""
    if find_spec("optuna") is None:
        raise UsageError(f"tuning needs Optuna; run: {install('tune')}")


def given_of(config: Config) -> dict[str, Any]:
    """Return the options that were given, as TOML can hold them; defaults are left out."""
    given = config.model_dump(mode="json", exclude_unset=True, exclude={"options"})
    return {n: v for n, v in (given | config.options).items() if v is not None}


def _keep(folder: TuningFolder, before: Plan | None, now: Plan, found: Interactions) -> None:
    if before is None:
        folder.create(now)
    elif before.data != now.data:
        raise FedrasError(f"{found.name} is not the data that the tuning in {folder.path} is of")
    elif before != now:
        folder.plan(now)


def _same(
    folder: TuningFolder, plan: Plan, config: Config, search: Mapping[str, Searched], whole: bool
) -> Space:
    """Return what is searched in the folder, if all that is given says the same."""
    given = given_of(config)
    if whole:
        _require_whole(folder, plan, Space(given, search))
    ours = complete(Config.model_validate(plan.options))
    agreed_with(ours, config, folder.path)
    for name in sorted(search):
        if search[name] != plan.search.get(name):
            before = plan.search.get(name, "not searched")
            raise UsageError(
                f"--search {name} is {search[name]} here but {before} in {folder.path}; leave it "
                "out, or tune anew with another --out"
            )
    if "dataset" in given and given["dataset"] != plan.options.get("dataset"):  # it was moved
        kept = {n: v for n, v in plan.options.items() if n not in _reading(ours)}
        return Space(kept | given, plan.search)
    return Space(plan.options | given, plan.search)


def _require_whole(folder: TuningFolder, plan: Plan, now: Space) -> None:
    for ours, theirs in ((plan.options, now.given), (plan.search, now.wanted)):
        for name in sorted(ours.keys() - theirs.keys()):
            raise UsageError(
                f"{name} is not given here but {ours[name]} in {folder.path}; choose another out"
            )


def _reading(config: Config) -> set[str]:
    """Return the options that say how the data of ``config`` is read."""
    return set(type(data.open_dataset(config.dataset)).model_fields)
