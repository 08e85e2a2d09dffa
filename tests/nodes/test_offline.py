"""A node answers its users as the simulator does, from its folder and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from helpers.nodes_in_process import Perfect, config, coordinator, make_nodes
from helpers.small_federation import HETEROGENEOUS, interactions, simulation

from fedras.errors import UsageError
from fedras.nodes.node.offline import load_node
from fedras.run.recommender import Recommender


@pytest.mark.parametrize("kind", [{}, HETEROGENEOUS, {"model": "ncf", "dim": 8}])
def test_nodes_recommend_what_the_simulator_does(kind: dict[str, Any], tmp_path: Path) -> None:
    whole, nodes = simulation(**kind), make_nodes(2, tmp_path)
    server = coordinator(Perfect(nodes), config(**kind))
    server.gather(2)
    for _ in range(whole.config.rounds):
        whole.step()
        server.step()
    server.evaluate()
    expected = Recommender(whole.silo, interactions())
    users = []
    for node in nodes.values():
        found = load_node(node.folder)
        users += found.users
        for user in found.users:
            assert found.recommend(user) == _titled(expected.recommend(user))
            mine = {item.item for item in found.items_of(user)}
            assert mine == {item.item for item in expected.items_of(user)}
        if kind is not HETEROGENEOUS:  # a node has the replicas of its own users only
            assert found.fold_in(["3", "9"]) == _titled(expected.fold_in(["9", "3"]))
            assert found.similar("3") == _titled(expected.similar("3"))
    assert sorted(users) == expected.users


def _titled(found: list[Any]) -> list[Any]:
    """Return what a node says, whose catalogue calls an item without a title by its id."""
    return [item._replace(title=item.item) for item in found]


def test_a_folder_without_a_node(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder of a node"):
        load_node(tmp_path)
