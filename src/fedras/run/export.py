"""Vectors, ids and what else it takes to score them, in one file for other software."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from fedras.arrays import Arrays, Float32s
from fedras.core.updates import gather
from fedras.data.fingerprint import fingerprint
from fedras.data.interactions import Interactions
from fedras.errors import UsageError
from fedras.extras import install
from fedras.federation.client import Silo
from fedras.models.context import Directions
from fedras.run.resumption import decisive
from fedras.version import __version__
from fedras.whole_files import writing

_NPZ, _SAFETENSORS = ".npz", ".safetensors"


def export(silo: Silo, data: Interactions, path: Path, users: bool) -> None:
    """Write what `contents` says.

    A ``.npz`` file has the names as arrays of text, and the metadata as JSON in ``metadata``; a
    ``.safetensors`` file, which has no text but metadata, has each list of names there as JSON.
    With the users only its owner may read the file.

    Raises
    ------
    UsageError
        If the path ends otherwise, or safetensors is not installed.
    FedrasError
        If it cannot be written.
    """
    require_format(path)
    arrays, names, metadata = contents(silo, data, users)
    with writing(path, private=users) as file:
        if path.suffix.lower() == _NPZ:
            texts = {name: np.array(given, np.str_) for name, given in names.items()}
            # As a dictionary: NumPy's stub takes a keyword for its own argument.
            every: Arrays = {**arrays, **texts, "metadata": np.array(json.dumps(metadata))}
            np.savez(file, allow_pickle=False, **every)
        else:
            from safetensors.numpy import save  # noqa: PLC0415 -- optional

            lists = {name: json.dumps(given) for name, given in names.items()}
            file.write(save(arrays, metadata | lists))


def require_format(path: Path) -> None:
    """Raise UsageError if `export` cannot write a file of this name here."""
    suffix = path.suffix.lower()
    if suffix not in {_NPZ, _SAFETENSORS}:
        raise UsageError(f"cannot export to {path}: its name must end with .npz or .safetensors")
    if suffix == _SAFETENSORS and find_spec("safetensors") is None:
        raise UsageError(f"{path}: needs safetensors; run: {install('export')}, or name a file.npz")


def contents(
    silo: Silo, data: Interactions, users: bool
) -> tuple[Arrays, dict[str, list[str]], dict[str, str]]:
    """Return what is exported.

    Returns
    -------
    arrays
        ``items``, float32[N, d], the replica of the largest budget; the scoring model by the names
        of `Model.parts`. With the users: ``users``, float32[M, d], and where clients have replicas
        of several budgets also ``replicas``, float32[S, N, d], and ``replica_of_user``, int64[M];
        where there is a context ``contexts``, float32[M, d]: its weight times where each user's
        items point (`Directions`).
    names
        ``item_ids``, ``item_titles`` where there are any, and ``user_ids`` with the users; by row.
    metadata
        The version of fedras, the configuration as JSON, the rounds that were trained, the data's
        name and fingerprint, which model scores, and the context's decay and weight as JSON.
    """
    config = silo.config
    arrays: Arrays = {"items": silo.replicas[-1], **silo.model.parts(silo.scoring, config.dim)}
    names = {"item_ids": data.item_ids.tolist()}
    if data.titles is not None:
        names["item_titles"] = data.titles.tolist()
    if users:
        own = silo.context.own
        less = silo.model.prepared(np.float32(own) * silo.vectors)
        arrays["users"] = silo.vectors if own == 1 else less
        names["user_ids"] = data.user_ids.tolist()
        if len(silo.replicas) > 1:
            arrays |= {"replicas": silo.replicas, "replica_of_user": silo.stream}
        if silo.context.weight:
            arrays["contexts"] = _contexts(silo, data)
    metadata = {
        "fedras": __version__,
        "config": json.dumps(decisive(config) | {"dataset": data.name}),
        "rounds": str(silo.version),
        "data": data.name,
        "fingerprint": fingerprint(data),
        "model": config.model,
        "context": json.dumps(silo.context._asdict()),
    }
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}, names, metadata


def _contexts(silo: Silo, data: Interactions) -> Float32s:
    found = np.zeros_like(silo.vectors)
    for stream, items in enumerate(silo.replicas):
        users = np.flatnonzero(silo.stream == stream)
        own, bounds = gather(data.indptr, data.items, users)
        points = Directions(items).of(bounds, own, silo.context.decay)
        found[users] = np.float32(silo.context.weight) * points
    return found
