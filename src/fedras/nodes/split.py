"""A data set cut into nodes: a file of interactions for each, and the item catalogue for all."""

import csv
import io
from pathlib import Path

import numpy as np

from fedras.arrays import Int64s
from fedras.data import Interactions, client_keys
from fedras.errors import FedrasError, UsageError
from fedras.federation.summing import dealt
from fedras.nodes.catalogue import Catalogue
from fedras.whole_files import make_folder, writing

CATALOGUE = "catalogue.csv"
DATA = "interactions.csv"
TEST = "test.csv"


def node_of(interactions: Interactions, nodes: int) -> Int64s:
    """Return int64[M], the node of each user: the remainder of its identity."""
    return dealt(client_keys(interactions.user_ids), nodes)


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
    same numbers. Only their owner may read the nodes' folders; the catalogue is for all.

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
    make_folder(folder)
    try:
        Catalogue.of(interactions).write(folder / CATALOGUE)
    except OSError as error:
        raise FedrasError(f"cannot write {error.filename}: {error.strerror}") from None
    tests = interactions.tests
    ends = interactions.indptr[1:] - (0 if tests is None else tests)
    for number, place in enumerate(places):
        make_folder(place, private=True)
        users = np.flatnonzero(where == number)
        _write(interactions, users, interactions.indptr[:-1], ends, place / DATA)
        if tests is not None:
            _write(interactions, users, ends, interactions.indptr[1:], place / TEST)
    return places


def _write(
    interactions: Interactions, users: Int64s, starts: Int64s, ends: Int64s, path: Path
) -> None:
    """Write the users' rows between ``starts`` and ``ends``, int64[M]."""
    names, ids = interactions.user_ids.tolist(), interactions.item_ids.tolist()
    with writing(path, private=True) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        table = csv.writer(text)
        table.writerow(["user", "item", "timestamp"])
        for user in users.tolist():
            rows = interactions.items[starts[user] : ends[user]]
            table.writerows((names[user], ids[row], n) for n, row in enumerate(rows.tolist()))
        text.detach()
