"""What a node recommends to its own users, from its folder and nothing else."""

from pathlib import Path

import numpy as np

from fedras import data
from fedras.components import method_of, model_of
from fedras.errors import FedrasError, UsageError
from fedras.federation.start import new_silo
from fedras.nodes.catalogue import read_catalogue
from fedras.nodes.node.memory import remember
from fedras.nodes.node.node import parse_config
from fedras.nodes.node.own_data import Source
from fedras.run.checkpoint import CHECKPOINT, read_checkpoint
from fedras.run.recommender import Recommender


def load_node(folder: Path) -> Recommender:
    """Load what the node in ``folder`` holds, to recommend to its users.

    Raises
    ------
    UsageError
        If there is no node, or it has not taken part yet.
    FedrasError
        If the node's data or memory cannot be read.
    """
    checkpoint = read_checkpoint(folder)
    if checkpoint is None:
        raise UsageError(f"{folder} is no folder of a node that has taken part in a run")
    memory = remember(folder)
    try:
        told = checkpoint.values["source"]
        catalogue = read_catalogue(Path(told.pop("catalogue")))
        interactions, _ = Source(**told).load(catalogue)
    except (KeyError, TypeError):
        raise FedrasError(f"{folder / CHECKPOINT} is no memory of a node") from None
    if not memory.arrays:
        raise UsageError(f"the node in {folder} has not been sent anything yet")
    config, clients = parse_config(memory.config), data.client_keys(interactions.user_ids)
    stream = np.zeros(len(clients), np.int64)
    silo = new_silo(
        config,
        model_of(config),
        method_of(config),
        interactions.n_items,
        clients,
        memory.budgets,
        stream,
        interactions.indptr,
        interactions.items,
    )
    memory.recall(silo)
    return Recommender(silo, interactions)
