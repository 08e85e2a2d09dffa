"""What a trained federation recommends to one of its users."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fedras.components import at
from fedras.data.interactions import Interactions
from fedras.errors import UsageError
from fedras.federation.client import Silo
from fedras.federation.simulator import Simulation
from fedras.run.folder import RunFolder
from fedras.run.resumption import restore


class Recommendation(NamedTuple):
    """An item for a user.

    Attributes
    ----------
    item
        Its id in the data.
    title
        What to call it in front of people, where the data says so.
    score
        The model's score; higher is better, comparable for one user only.
    """

    item: str
    title: str | None
    score: float


class Recommender:
    """Recommends as each user's own device would. Get one with `load`."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def recommend(self, user: str, k: int = 10) -> list[Recommendation]:
        """Return the best ``k`` items that the user does not have yet, best first.

        Fewer if fewer are left. The scores come from the user's own vector and replica.

        Parameters
        ----------
        user
            The user's id in the data.
        k
            How many, at least 1.

        Raises
        ------
        UsageError
            If there is no such user, or ``k`` is less than 1.
        """
        silo, data = self._simulation.silo, self._simulation.interactions
        return recommend_from(silo, data, str(user), k)


def recommend_from(silo: Silo, data: Interactions, user: str, k: int) -> list[Recommendation]:
    """Return what a silo recommends to one of its clients; `Recommender.recommend` explains it.

    Parameters
    ----------
    silo, data
        The clients, and all their interactions in the same order.
    user, k
        As there.
    """
    if k < 1:
        raise UsageError(f"cannot recommend {k} items; ask for at least 1")
    index = data.user_index(user)
    replica = silo.replicas[silo.stream[index]]
    vector = silo.vectors[index : index + 1]
    scores = silo.model.scores(vector, replica, silo.scoring, None)[0]
    known = data.items[data.indptr[index] : data.indptr[index + 1]]
    fresh = np.setdiff1d(np.arange(data.n_items), known)
    best = fresh[np.argsort(-scores[fresh], kind="stable")[:k]]
    return [
        Recommendation(
            str(data.item_ids[item]),
            None if data.titles is None else str(data.titles[item]),
            float(scores[item]),
        )
        for item in best
    ]


def load(
    folder: str | Path,
    data_dir: str | Path | None = None,
    interactions: Interactions | None = None,
    dataset: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Recommender:
    """Load what a run has learnt so far.

    Parameters
    ----------
    folder
        The run's folder.
    data_dir
        Where the data sets are, if not where they were in training.
    interactions
        The data, if the run was given data of its own.
    dataset, options
        The file that the data is in now, and how to read it (`data.File`), if it was moved. It is
        recognised by its content.

    Raises
    ------
    UsageError
        If the folder holds no run, or one without a checkpoint yet.
    FedrasError
        If the checkpoint is damaged, or the data is not what it was or cannot be had.
    """
    run = RunFolder(folder)
    config = run.config()
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": Path(data_dir)})
    if dataset is not None:
        config = at(config, str(dataset))
    config = config.model_copy(update={"options": config.options | dict(options or {})})
    simulation = Simulation(config, interactions)
    if restore(simulation, run) is None:
        raise UsageError(
            f"the run in {run.path} has no checkpoint yet; continue it with "
            f"fedras train --resume --out {run.path}"
        )
    return Recommender(simulation)
