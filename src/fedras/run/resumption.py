"""What a run and its folder must agree on before the run goes on."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from fedras.components import at, complete, own_data_options
from fedras.config import Config
from fedras.data import files as data
from fedras.errors import FedrasError, UsageError
from fedras.federation.federation import Federation
from fedras.federation.state import State
from fedras.run.checkpoint import CHECKPOINT
from fedras.run.folder import CONFIG, RunFolder
from fedras.run.summary import Totals

_FREE = {"threads", "data_dir", "baselines"}


class Progress(NamedTuple):
    """What a run knows besides the state of its federation.

    Attributes
    ----------
    totals
        Sums over the rounds done.
    lines
        What ``metrics.jsonl`` says of each evaluated round.
    """

    totals: Totals
    lines: list[dict[str, Any]]


def restore(federation: Federation, folder: RunFolder) -> Progress | None:
    """Bring ``federation`` to the checkpoint; return how far the run is, None without one.

    Raises
    ------
    FedrasError
        If the checkpoint is damaged, or configuration or data are not what they were; nothing has
        changed then.
    """
    checkpoint = folder.checkpoint()
    if checkpoint is None:
        return None
    path, values = folder.path / CHECKPOINT, checkpoint.values
    now = json.loads(json.dumps(decisive(federation.given)))
    try:
        for name, value in values["config"].items():
            if now.get(name, value) != value:
                raise FedrasError(
                    f"{folder.path / CONFIG} says {name} = {now[name]}, but {path} was trained "
                    f"with {value}; undo the change, or restore the run's own checkpoint"
                )
        if "membership" in values["state"] and not federation.remote:
            raise FedrasError(
                f"the run in {folder.path} is of nodes, which alone hold what their users have: "
                "ask one of them, such as fedras recommend --node DIR"
            )
        if values["data"] != federation.fingerprint:
            name = federation.described()["dataset"]
            raise FedrasError(f"{name} is not the data that the run in {folder.path} is of")
        progress = Progress(Totals.from_json(values["totals"]), list(map(dict, values["metrics"])))
        if progress.totals.rounds != values["state"]["round"]:
            raise ValueError(f"its totals are of {progress.totals.rounds} rounds")
        federation.restore(State(checkpoint.arrays, values["state"]))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        lacks = f"it has no {error}" if isinstance(error, KeyError) else "its values are others"
        reason = error if isinstance(error, ValueError) else lacks
        raise FedrasError(
            f"{path} is of another run or another version of fedras: {reason}; restore the right "
            "one, or delete it to train again from the first round"
        ) from None
    return progress


def agreed(folder: RunFolder, given: Config) -> Config:
    """Return the folder's configuration, if all that ``given`` sets is the same there.

    Raises
    ------
    UsageError
        If an option differs; one line that names it and both values.
    """
    return agreed_with(folder.config(), given, folder.path)


def agreed_with(ours: Config, given: Config, folder: Path) -> Config:
    """Return ``ours``, the complete configuration in ``folder``; `agreed` explains the rest."""
    if "dataset" in given.model_fields_set and own_data_options(ours):
        ours = at(ours, given.dataset)
    for name in sorted(given.model_fields_set - {*_FREE, "options"}):
        _require_same(folder, name, getattr(ours, name), getattr(given, name))
    both = complete(ours.model_copy(update={"options": ours.options | given.options}))
    for name in both.options.keys() - own_data_options(ours):
        _require_same(folder, name, ours.options[name], both.options[name])
    free = given.model_fields_set & _FREE
    return both.model_copy(update={name: getattr(given, name) for name in free})


def keep_place(folder: RunFolder, config: Config) -> None:
    """Let a folder name the place of its data that ``config`` does, where the same data was found.

    Raises
    ------
    FedrasError
        If it cannot be written.
    """
    before = folder.config()
    now = config.model_copy(update={"threads": before.threads})
    if now.to_toml() != before.to_toml():
        folder.write_config(now)


def absolute(config: Config) -> Config:
    """Make paths absolute, so that the run can be resumed from any folder."""
    paths: dict[str, Any] = {
        name: path.expanduser().absolute()
        for name, path in (("data_dir", config.data_dir), ("rate_file", config.rate_file))
        if path is not None
    }
    if data.is_path(config.dataset):
        paths["dataset"], paths["options"] = data.absolute(config.dataset, config.options)
    return config.model_copy(update=paths)


def decisive(config: Config) -> dict[str, Any]:
    """Return the options that a result depends on."""
    free = _FREE | own_data_options(config)
    return {name: value for name, value in config.flat().items() if name not in free}


def _require_same(folder: Path, name: str, ours: object, given: object) -> None:
    if ours != given:
        raise UsageError(
            f"option {name} is {given} here but {ours} in {folder}; leave it out, or start "
            f"another run with another --out"
        )
