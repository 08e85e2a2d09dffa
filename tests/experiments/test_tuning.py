"""Which runs share a learning rate, and how it is chosen."""

from pathlib import Path
from typing import Any

import pytest

from fedras.experiments import experiment, tuning
from fedras.experiments.store import Store
from fedras.experiments.task import Row, Task
from fedras.experiments.tuning import choose, score, studies_of, study_of
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
    assert study_of(GIVEN | same) == study_of(GIVEN)
    assert study_of(GIVEN).name == "ml-100k mf fedras"


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
def test_what_makes_another_method_has_a_study_of_its_own(other: dict[str, Any]) -> None:
    assert study_of(GIVEN | other).name != study_of(GIVEN).name


def test_every_cell_has_the_same_trials() -> None:
    points = [p for name in experiment.names() for p in experiment.load(name).points(seeds=1)]
    studies = studies_of(point.given for point in points if point.trained)
    assert len(studies) > 60
    for study in studies:
        trials = study.trials()
        assert {task.config.validation for task in trials} == {True}
        assert {task.config.seed for task in trials} == {0}
        rates = [task.config.options["learning_rate"] for task in trials]
        assert rates == tuning._grid()["learning_rate"][study.given["model"]]


def test_trials_know_where_the_data_is() -> None:
    study = study_of(GIVEN | {"data_dir": Path("/data")})
    assert {task.config.data_dir for task in study.trials()} == {Path("/data")}
    assert study.trials()[0].key == study_of(GIVEN).trials()[0].key


def _row(task: Task, **found: Any) -> Row:
    config = decisive(task.config)
    return {"config": config, "observe": "", "wall_seconds": 50.0, **found}


def _trial(task: Task, *ndcg: float) -> Row:
    return _row(task, history={"ndcg@10": list(ndcg)})


def test_the_best_late_in_the_run_wins(tmp_path: Path) -> None:
    study, store = study_of(GIVEN), Store(tmp_path)
    first, second, *others = study.trials()
    store.add("tuning", _trial(first, 0.9, 0.4, 0.4, 0.4, 0.4, 0.4))
    store.add("tuning", _trial(second, 0.1, 0.5, 0.5, 0.5, 0.5, 0.3))
    for task in others:
        assert choose(study, store) is None
        store.add("tuning", _row(task, error="diverged"))
    choice = choose(study, store)
    assert choice is not None
    assert choice.learning_rate == second.config.options["learning_rate"]
    assert choice.seconds == pytest.approx(50 / second.config.rounds)
    assert score(_row(first, error="diverged")) < score(_trial(first, 0.0))


def test_no_rate_above_one_that_diverged_is_chosen(tmp_path: Path) -> None:
    study, store = study_of(GIVEN), Store(tmp_path)
    first, second, third, *others = study.trials()
    store.add("tuning", _trial(first, 0.1))
    store.add("tuning", _trial(second, 0.2))
    store.add("tuning", _row(third, error="diverged"))
    for task in others:
        store.add("tuning", _trial(task, 0.9))
    choice = choose(study, store)
    assert choice is not None
    assert choice.learning_rate == second.config.options["learning_rate"]


def test_the_highest_rate_is_not_chosen(tmp_path: Path) -> None:
    study, store = study_of(GIVEN), Store(tmp_path)
    *others, second, first = study.trials()
    for task in others:
        store.add("tuning", _trial(task, 0.1))
    store.add("tuning", _trial(second, 0.2))
    store.add("tuning", _trial(first, 0.9))
    choice = choose(study, store)
    assert choice is not None
    assert choice.learning_rate == second.config.options["learning_rate"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    study, store = study_of(GIVEN), Store(tmp_path)
    for number, task in enumerate(study.trials()):
        store.add("tuning", _trial(task, 0.1 * number))
    tuning.write(store, [study])
    text = (tmp_path / "tuning" / tuning.CHOICES).read_text()
    assert tuning.parse(text) == {study.name: choose(study, store)}
    table = (tmp_path / "tuning" / "table.md").read_text()
    assert f"| {study.name} | 0.0000 |" in table
    assert table.count("**") == 2
