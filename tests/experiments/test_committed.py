"""The results that are committed are those of today's options."""

from pathlib import Path

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


@pytest.mark.parametrize("option", PAPER)
def test_the_papers_protocol_is_pinned(option: str) -> None:
    assert getattr(Task.of({}).config, option) == PAPER[option]
    changed = {"monitor": "validation", "context_weight": 1.0}[option]
    other = Task.of({option: changed})
    assert getattr(other.config, option) == changed
    assert other.key != Task.of({}).key
