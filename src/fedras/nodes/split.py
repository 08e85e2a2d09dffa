"""A data set cut into nodes: a file of interactions for each, and the item catalogue for all."""

import csv
from pathlib import Path

import numpy as np

from fedras.arrays import Int64s
from fedras.data import Interactions, client_keys
from fedras.errors import FedrasError, UsageError
from fedras.nodes.catalogue import Catalogue

CATALOGUE = "catalogue.csv"
DATA = "interactions.csv"
TEST = "test.csv"


def node_of(interactions: Interactions, nodes: int) -> Int64s:
    """Return int64[M], the node of each user: the remainder of its identity."""
    return (client_keys(interactions.user_ids) % np.uint64(nodes)).astype(np.int64)


def written_options(place: Path) -> dict[str, bool | str]:
    """Return the options of `data.File` that read what `write_nodes` wrote into a node's folder.

    Its ids are ids, whatever they say, and it has only those repeats that count.
    """
    options: dict[str, bool | str] = {"missing": "keep", "keep_repeats": True}
    if (place / TEST).is_file():
        options["test"] = str(place / TEST)
    return options


def write_nodes(interactions: Interactions, nodes: int, folder: Path) -> list[Path]:
    """Write ``catalogue.csv`` and a folder with ``interactions.csv`` per node; return the folders.

    Where the data brings its own test, that is beside it in ``test.csv``. A row's place in its
    user's history stands for its time. Whatever the split, a federation of all nodes gives the
    same numbers.

    Raises
    ------
    UsageError
        If a node would be left without users.
    FedrasError
        If the files cannot be written.
    """
    where = node_of(interactions, nodes)
    if len(np.unique(where)) < nodes:
        raise UsageError(
            f"{interactions.name} has too few users ({interactions.n_users}) for {nodes} nodes"
        )
    places = [folder / f"node-{number}" for number in range(nodes)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Catalogue.of(interactions).write(folder / CATALOGUE)
        for number, place in enumerate(places):
            place.mkdir(exist_ok=True)
            users = np.flatnonzero(where == number)
            tests = interactions.tests
            ends = interactions.indptr[1:] - (0 if tests is None else tests)
            _write(interactions, users, interactions.indptr[:-1], ends, place / DATA)
            if tests is not None:
                _write(interactions, users, ends, interactions.indptr[1:], place / TEST)
    except OSError as error:
        raise FedrasError(f"cannot write {error.filename}: {error.strerror}") from None
    return places


def _write(
    interactions: Interactions, users: Int64s, starts: Int64s, ends: Int64s, path: Path
) -> None:
    """Write the users' rows between ``starts`` and ``ends``, int64[M]."""
    names, ids = interactions.user_ids.tolist(), interactions.item_ids.tolist()
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["user", "item", "timestamp"])
        for user in users.tolist():
            rows = interactions.items[starts[user] : ends[user]]
            table.writerows((names[user], ids[row], n) for n, row in enumerate(rows.tolist()))
