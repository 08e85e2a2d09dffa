"""Data sets by name: list, describe, locate, fetch and load them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fedras.data.dataset import DATASETS, Dataset
from fedras.data.files import MEMORY, File, InMemory, is_path
from fedras.data.interactions import Interactions
from fedras.data.sources import Counts, Sources
from fedras.errors import UsageError

HIDDEN = {"path", "name"}
"""Fields that stand in a data set's name and are no options."""
_NO_OPTIONS: Mapping[str, object] = {}


def names() -> list[str]:
    """Return the names of all data sets, sorted. A path to a table is as good as a name."""
    return DATASETS.names()


def open_dataset(name: str, options: Mapping[str, object] = _NO_OPTIONS) -> Dataset:
    """Return the data set with its options, without loading it.

    Parameters
    ----------
    name
        A data set's name, or the path of a table.
    options
        Values for the data set's fields.

    Raises
    ------
    UsageError
        If the name or an option is unknown or an option's value is impossible.
    """
    kind: type[Dataset]
    if name.startswith(MEMORY):
        kind, fields = InMemory, {**options, "name": name.removeprefix(MEMORY)}
    elif is_path(name):
        kind, fields = File, {**options, "path": Path(name)}
    else:
        kind, fields = _kind(name), dict(options)
    try:
        return kind(**fields)
    except ValidationError as error:
        raise UsageError(_first_line(name, kind, error)) from None


def load(
    name: str,
    data_dir: str | Path | None = None,
    options: Mapping[str, object] = _NO_OPTIONS,
) -> Interactions:
    """Return the interactions of a data set; a published one is fetched if it is missing.

    Parameters
    ----------
    name, options
        See `open_dataset`.
    data_dir
        A folder with one sub-folder per data set, tried first; by default ``FEDRAS_DATA``.

    Raises
    ------
    UsageError
        If the name or an option is unknown or an option's value is impossible.
    DataError
        If a file cannot be had or read.
    """
    dataset = open_dataset(name, options)
    sources = Sources(data_dir)
    interactions = dataset.load(sources)
    if dataset.published is None:
        return interactions
    found = _counts(interactions)
    if found == dataset.published.counts:
        return interactions
    note = (
        f"{sources.folder(dataset.published)} is not the published {name}: {_in_words(found)} "
        f"instead of {_in_words(dataset.published.counts)}"
    )
    return replace(interactions, notes=(*interactions.notes, note))


def available(name: str, data_dir: str | Path | None = None) -> str:
    """Return "local", "cached", "not fetched" or "generated" without loading anything.

    Raises
    ------
    UsageError
        If the name is unknown.
    """
    if is_path(name):
        return "local"
    published = _kind(name).published
    if published is None:
        return "generated"
    located = Sources(data_dir).locate(published)
    return located[1] if located else "not fetched"


def fetch(name: str, data_dir: str | Path | None = None, force: bool = False) -> Path:
    """Make sure that a published data set is on this machine and return its folder.

    Parameters
    ----------
    name
        A data set's name.
    data_dir
        See `load`.
    force
        Fetch into the cache even if the files are there.

    Raises
    ------
    UsageError
        If the name is unknown or the data set is not a published one.
    DataError
        If every source fails.
    """
    published = None if is_path(name) else _kind(name).published
    if published is None:
        raise UsageError(f"there is nothing to fetch for {name!r}; use it as it is")
    sources = Sources(data_dir)
    return sources.fetch(published) if force else sources.folder(published)


def describe(
    name: str,
    data_dir: str | Path | None = None,
    options: Mapping[str, object] = _NO_OPTIONS,
) -> dict[str, Any]:
    """Load a data set and say what it is.

    Returns
    -------
    dict with the keys ``name``, ``description``, ``users``, ``items``, ``interactions``,
    ``density``, ``source`` (a path, or "generated"), ``published`` ("identical", "differs" or
    "unknown" by checksum), ``columns``, ``notes``, ``citation`` and ``licence``.

    Raises
    ------
    UsageError, DataError
        See `load`.
    """
    dataset = open_dataset(name, options)
    interactions = load(name, data_dir, options)
    source, published = "generated", "unknown"
    if isinstance(dataset, File):
        source = str(dataset.path)
    elif dataset.published is not None:
        folder = Sources(data_dir).folder(dataset.published)
        source, published = str(folder), dataset.published.state(folder)
    counts = _counts(interactions)
    return {
        "name": interactions.name,
        "description": dataset.description,
        "users": counts.users,
        "items": counts.items,
        "interactions": counts.interactions,
        "density": interactions.density,
        "source": source,
        "published": published,
        "columns": interactions.columns,
        "notes": list(interactions.notes),
        "citation": dataset.citation,
        "licence": dataset.licence,
    }


def _kind(name: str) -> type[Dataset]:
    try:
        return DATASETS.get(name)
    except UsageError as error:
        raise UsageError(f"{error}; or give the path of a table") from None


def _counts(interactions: Interactions) -> Counts:
    return Counts(interactions.n_users, interactions.n_items, len(interactions))


def _in_words(counts: Counts) -> str:
    return f"{counts.interactions:,} interactions, {counts.users:,} users, {counts.items:,} items"


def _first_line(name: str, kind: type[Dataset], error: ValidationError) -> str:
    """Turn the first problem that pydantic found into one line."""
    problem = error.errors()[0]
    option = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = ", ".join(f for f in kind.model_fields if f not in HIDDEN) or "none"
        return f"data set {name!r} has no option {option!r}; its options are: {known}"
    what = problem["msg"].removeprefix("Value error, ")
    if not option:
        return f"data set {name!r}: {what}"
    what = what[0].lower() + what[1:]
    return f"option {option!r} of data set {name!r}: {what} (got {problem['input']!r})"
