"""Rows of results on disk: what they are known by, and what a kill or an editor does to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from fedras.errors import FedrasError
from fedras.experiments.store import RUNS, Store
from fedras.experiments.task import Row, Task
from fedras.run.resumption import decisive


def _task(**given: Any) -> Task:
    return Task.of({"dataset": "ml-100k", "method": "fedras", **given})


def _row(task: Task, **more: object) -> Row:
    config = decisive(task.config)
    return {"key": task.key, "config": config, "observe": task.observe, "wall_seconds": 1.0, **more}


def test_equal_runs_have_equal_keys() -> None:
    key = _task(seed=1, alpha=0.2, rounds=500).key
    assert _task(rounds=500, seed=1).key == key  # alpha is 0.2 by default
    assert _task(seed=1, threads=2, data_dir="/somewhere").key == key


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"alpha": 0.3},
        {"learning_rate": 1.0},
        {"validation": True},
        {"compression_rate": 0.9},
        {"rate_range": [0.1, 0.3]},
        {"model": "ncf"},
        {"eval_every": 5},
    ],
)
def test_other_runs_have_other_keys(other: dict[str, Any]) -> None:
    assert _task(**other).key != _task().key
    assert Task.of(dict(_task().config.flat()), "losses").key != _task().key


def test_rows_are_found_again(tmp_path: Path) -> None:
    task, other = _task(seed=1), _task(seed=2)
    Store(tmp_path).add("table1", _row(task, found=7))
    again = Store(tmp_path)
    assert task in again
    assert other not in again
    assert again.get(task) == _row(task, found=7)
    assert again.get(other) is None


def test_an_option_that_is_new_does_not_outdate_a_row(tmp_path: Path) -> None:
    task = _task()
    row = _row(task)
    del row["config"]["alpha"]
    Store(tmp_path).add("table1", row)
    assert task in Store(tmp_path)


def test_a_default_that_has_changed_does(tmp_path: Path) -> None:
    row = _row(_task())
    row["config"]["alpha"] = 0.1  # what the default was, say
    Store(tmp_path).add("table1", row)
    assert _task() not in Store(tmp_path)
    assert _task(alpha=0.1) in Store(tmp_path)


def test_a_row_with_an_option_that_is_gone_is_left_alone(tmp_path: Path) -> None:
    row = _row(_task())
    row["config"]["gone"] = 1
    Store(tmp_path).add("table1", row)
    assert _task() not in Store(tmp_path)
    assert "gone" in (tmp_path / "table1" / RUNS).read_text()


def test_what_a_kill_cut_off_is_dropped(tmp_path: Path) -> None:
    one, two = _task(seed=1), _task(seed=2)
    store = Store(tmp_path)
    store.add("table1", _row(one))
    store.add("table1", _row(two))
    path = tmp_path / "table1" / RUNS
    path.write_bytes(path.read_bytes()[:-9])
    torn = path.read_bytes()
    again = Store(tmp_path)
    assert one in again
    assert two not in again
    assert path.read_bytes() == torn  # whoever only reads changes nothing
    again.add("table1", _row(two))
    assert two in Store(tmp_path)
    assert len(path.read_text().splitlines()) == 2


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add("table1", _row(_task()))
    path = tmp_path / "table1" / RUNS
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(FedrasError, match=r"runs.jsonl:2 is damaged; delete the line"):
        Store(tmp_path)


def test_rows_are_put_in_order_and_none_is_lost(tmp_path: Path) -> None:
    tasks = [_task(seed=seed) for seed in range(4)]
    store = Store(tmp_path)
    for task in (tasks[3], tasks[1], tasks[0]):
        store.add("table1", _row(task))
    store.arrange("table1", tasks[:2])
    store.arrange("figure2", [tasks[1], tasks[2]])

    def seeds(name: str) -> list[int]:
        lines = (tmp_path / name / RUNS).read_text().splitlines()
        return [json.loads(line)["config"]["seed"] for line in lines]

    assert seeds("table1") == [0, 1, 3]
    assert seeds("figure2") == [1]  # shared with table1, and done once


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FedrasError, match="cannot create"):
        Store(tmp_path / "file").add("table1", _row(_task()))


def test_an_experiment_keeps_rows_of_its_own(tmp_path: Path) -> None:
    task = _task()
    store = Store(tmp_path)
    store.add("table1", _row(task, found=1))
    store.add("table2", _row(task, found=2))
    for again in (store, Store(tmp_path)):
        assert again.get(task) == again.get(task, "table1") == _row(task, found=1)
        assert again.get(task, "table2") == _row(task, found=2)
        assert again.get(task, "table3") == _row(task, found=1)
        again.arrange("table2", [task])
    assert Store(tmp_path).get(task, "table2") == _row(task, found=2)
