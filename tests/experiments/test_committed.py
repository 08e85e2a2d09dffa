"""The results that are committed are those of today's options."""

from pathlib import Path
from typing import Any

import pytest

from fedras.experiments.reproduction import Reproduction
from fedras.experiments.task import PAPER, Task

RESULTS = Path(__file__).parents[2] / "results"


def test_nothing_is_left_of_the_evaluation() -> None:
    """A default that changed, or an option that counts, would have all of it run again."""
    left = {name: len(tasks) for name, tasks in Reproduction(["all"], RESULTS).stages()}
    assert set(left.values()) == {0}
    assert len(left) > 5


def test_without_results_all_of_it_is_left(tmp_path: Path) -> None:
    left = {name: len(tasks) for name, tasks in Reproduction(["all"], tmp_path).stages()}
    assert left["table1"] > 20
    assert left["tuning"] > 20


@pytest.mark.parametrize("model", ["mf", "ncf"])
def test_the_papers_protocol_is_pinned(model: str) -> None:
    pinned = Task.of({"model": model}).config.flat()
    assert {"monitor", "context_weight", "dim"} <= PAPER.keys() & pinned.keys()
    assert all(pinned[name] == value for name, value in PAPER.items() if name in pinned)


@pytest.mark.parametrize("given", [{"monitor": "validation"}, {"context_weight": 1.0}, {"dim": 8}])
def test_whoever_asks_for_another_protocol_gets_another_run(given: dict[str, Any]) -> None:
    other = Task.of(given)
    assert other.config.flat().items() >= given.items()
    assert other.key != Task.of({}).key
