"""What a run and its folder must agree on before the run goes on."""

import hashlib
from typing import Any

import numpy as np

from fedras.components import at, complete, own_data_options
from fedras.config import Config
from fedras.data import files as data
from fedras.data.interactions import Interactions
from fedras.errors import FedrasError, UsageError
from fedras.federation.simulator import Simulation
from fedras.run.folder import CHECKPOINT, CONFIG, RunFolder

_FREE = {"threads", "data_dir"}


def restore(simulation: Simulation, folder: RunFolder) -> dict[str, Any] | None:
    """Bring ``simulation`` to the checkpoint; return the checkpoint's values, None without one.

    Raises
    ------
    FedrasError
        If the checkpoint is damaged, or configuration or data are not what they were.
    """
    checkpoint = folder.checkpoint()
    if checkpoint is None:
        return None
    path, values = folder.path / CHECKPOINT, checkpoint.values
    now = decisive(simulation.given)
    try:
        for name, value in values["config"].items():
            if now.get(name, value) != value:
                raise FedrasError(
                    f"{folder.path / CONFIG} says {name} = {now[name]}, but {path} was trained "
                    f"with {value}; undo the change"
                )
        if values["data"] != fingerprint(simulation.interactions):
            name = simulation.interactions.name
            raise FedrasError(f"{name} is not the data that the run in {folder.path} is of")
        simulation.restore(checkpoint.arrays, values["state"])
    except (KeyError, TypeError, ValueError):
        raise FedrasError(f"{path} was written by another version of fedras") from None
    return values


def agreed(folder: RunFolder, given: Config) -> Config:
    """Return the folder's configuration, if all that ``given`` sets is the same there.

    Raises
    ------
    UsageError
        If an option differs; one line that names it and both values.
    """
    ours = folder.config()
    if "dataset" in given.model_fields_set and own_data_options(ours):
        ours = at(ours, given.dataset)
    for name in sorted(given.model_fields_set - {*_FREE, "options"}):
        _require_same(folder, name, getattr(ours, name), getattr(given, name))
    both = complete(ours.model_copy(update={"options": ours.options | given.options}))
    for name in both.options.keys() - own_data_options(ours):
        _require_same(folder, name, ours.options[name], both.options[name])
    free = given.model_fields_set & _FREE
    return both.model_copy(update={name: getattr(given, name) for name in free})


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


def fingerprint(interactions: Interactions) -> str:
    """Return a digest of the ids and the rows, by which data is recognised."""
    digest = hashlib.blake2b(digest_size=16)
    for ids in (interactions.user_ids, interactions.item_ids):
        digest.update("\n".join(ids.tolist()).encode())
    for rows in (interactions.indptr, interactions.items):
        digest.update(np.ascontiguousarray(rows).data)
    if interactions.tests is not None:
        digest.update(interactions.tests.data)
    return digest.hexdigest()


def _require_same(folder: RunFolder, name: str, ours: object, given: object) -> None:
    if ours != given:
        raise UsageError(
            f"option {name} is {given} here but {ours} in {folder.path}; leave it out, or start "
            f"another run with another --out"
        )
