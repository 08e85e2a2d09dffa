"""Which runs share a learning rate, and how it is chosen."""

from pathlib import Path
from typing import Any

import pytest

from fedras.experiments import experiment, tuning
from fedras.experiments.store import Store
from fedras.experiments.task import Row, Task
from fedras.experiments.tuning import cell_of, cells_of, choose, score
from fedras.run.resumption import decisive

GIVEN: dict[str, Any] = {"dataset": "ml-100k", "model": "mf", "method": "fedras"}


@pytest.mark.parametrize(
    "same",
    [
        {"seed": 3, "compression_rate": 0.5},
        {"rate_range": [0.1, 0.3]},
        {"client_fraction": 0.5, "dim": 8, "alpha": 0.05},
    ],
)
def test_rates_seeds_and_sizes_share_a_cell(same: dict[str, Any]) -> None:
    assert cell_of(GIVEN | same) == cell_of(GIVEN)
    assert cell_of(GIVEN).name == "ml-100k mf fedras"


@pytest.mark.parametrize(
    "other",
    [
        {"dataset": "ml-1m"},
        {"model": "ncf"},
        {"method": "svd"},
        {"error_feedback": True},
        {"actions": 8},
        {"numbers": "q4"},
        {"compression_rate": 0.0},
    ],
)
def test_what_makes_another_method_has_a_cell_of_its_own(other: dict[str, Any]) -> None:
    assert cell_of(GIVEN | other).name != cell_of(GIVEN).name


def test_every_cell_has_the_same_trials() -> None:
    points = [p for name in experiment.names() for p in experiment.load(name).points(seeds=1)]
    cells = cells_of(point.given for point in points if point.trained)
    assert len(cells) > 60
    for cell in cells:
        trials = cell.trials()
        assert {task.config.validation for task in trials} == {True}
        assert {task.config.seed for task in trials} == {0}
        rates = [task.config.options["learning_rate"] for task in trials]
        assert rates == tuning._grid()["learning_rate"][cell.given["model"]]


def test_trials_know_where_the_data_is() -> None:
    cell = cell_of(GIVEN | {"data_dir": Path("/data")})
    assert {task.config.data_dir for task in cell.trials()} == {Path("/data")}
    assert cell.trials()[0].key == cell_of(GIVEN).trials()[0].key


def _row(task: Task, **found: Any) -> Row:
    config = decisive(task.config)
    return {"config": config, "observe": "", "wall_seconds": 50.0, **found}


def _trial(task: Task, *ndcg: float) -> Row:
    return _row(task, history={"ndcg@10": list(ndcg)})


def test_the_best_late_in_the_run_wins(tmp_path: Path) -> None:
    cell, store = cell_of(GIVEN), Store(tmp_path)
    first, second, *others = cell.trials()
    store.add("tuning", _trial(first, 0.9, 0.4, 0.4, 0.4, 0.4, 0.4))
    store.add("tuning", _trial(second, 0.1, 0.5, 0.5, 0.5, 0.5, 0.3))
    for task in others:
        assert choose(cell, store) is None
        store.add("tuning", _row(task, error="diverged"))
    choice = choose(cell, store)
    assert choice is not None
    assert choice.learning_rate == second.config.options["learning_rate"]
    assert choice.seconds == pytest.approx(50 / second.config.rounds)
    assert score(_row(first, error="diverged")) < score(_trial(first, 0.0))


def test_no_rate_above_one_that_diverged_is_chosen(tmp_path: Path) -> None:
    cell, store = cell_of(GIVEN), Store(tmp_path)
    first, second, third, *others = cell.trials()
    store.add("tuning", _trial(first, 0.1))
    store.add("tuning", _trial(second, 0.2))
    store.add("tuning", _row(third, error="diverged"))
    for task in others:
        store.add("tuning", _trial(task, 0.9))
    choice = choose(cell, store)
    assert choice is not None
    assert choice.learning_rate == second.config.options["learning_rate"]


def test_the_highest_rate_is_not_chosen(tmp_path: Path) -> None:
    cell, store = cell_of(GIVEN), Store(tmp_path)
    *others, second, first = cell.trials()
    for task in others:
        store.add("tuning", _trial(task, 0.1))
    store.add("tuning", _trial(second, 0.2))
    store.add("tuning", _trial(first, 0.9))
    choice = choose(cell, store)
    assert choice is not None
    assert choice.learning_rate == second.config.options["learning_rate"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    cell, store = cell_of(GIVEN), Store(tmp_path)
    for number, task in enumerate(cell.trials()):
        store.add("tuning", _trial(task, 0.1 * number))
    tuning.write(store, [cell])
    text = (tmp_path / "tuning" / tuning.CHOICES).read_text()
    assert tuning.parse(text) == {cell.name: choose(cell, store)}
    table = (tmp_path / "tuning" / "table.md").read_text()
    assert f"| {cell.name} | 0.0000 |" in table
    assert table.count("**") == 2
