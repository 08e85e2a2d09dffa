from typing import Any

import numpy as np
import pytest

from fedras.config import Config
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.federation.fold_in import fold_in
from fedras.federation.simulator import Simulation
from fedras.federation.start import first_vectors

LEARNT: dict[str, Any] = {
    "dataset": "synthetic",
    "users": 200,
    "items": 300,
    "interactions": 6000,
    "rounds": 100,
    "dim": 8,
    "compression_rate": 0.875,
    "monitor": "test",
}


NCF = {"model": "ncf", "rounds": 200, "client_fraction": 0.3, "compression_rate": 0.5}
KINDS: dict[str, dict[str, Any]] = {
    "actions": {},
    "basis": {"method": "colr"},
    "codes": {"method": "lightfr", "compression_rate": 0.96875, "dim": 32},
    "network": NCF | {"learning_rate": 1, "network_rate": 0.3},
}


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_vector_folded_in_ranks_as_well_as_a_trained_one(options: dict[str, Any]) -> None:
    simulation = Simulation(Config.model_validate(LEARNT | options))
    for _ in range(simulation.config.rounds):
        simulation.step()
    silo, split = simulation.silo, simulation.split
    evaluation = Evaluation(simulation.interactions, split, 99)

    def quality(vectors: np.ndarray) -> float:
        state = Ranked(vectors, silo.replicas, silo.scoring, silo.stream)
        return evaluation.sampled(silo.model, state)["ndcg@10"]

    folded = fold_in(silo, silo.clients, split.indptr, split.items)
    start = first_vectors(silo.config, silo.model, silo.clients)
    trained = quality(silo.vectors)
    assert trained > quality(start) + 0.1
    assert quality(folded) > trained - 0.03
    some = np.array([7, 3])
    again = fold_in(
        silo,
        silo.clients[some],
        np.cumsum([0, *np.diff(split.indptr)[some]]),
        np.concatenate([split.items[split.indptr[u] : split.indptr[u + 1]] for u in some]),
    )
    np.testing.assert_array_equal(again, folded[some])
