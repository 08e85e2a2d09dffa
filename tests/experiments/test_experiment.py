"""The experiments that come with the package, and how their runs are chosen."""

from collections import Counter

import pytest

from fedras.components import method_of
from fedras.errors import UsageError
from fedras.experiments import experiment
from fedras.experiments.experiment import Experiment, Point, parse_only, require_known, select
from fedras.experiments.task import Task
from fedras.report.cells import place
from fedras.report.figures import _KINDS
from fedras.report.readers import READERS

NAMES = experiment.names()


def test_every_table_and_figure_of_the_paper_is_there() -> None:
    assert NAMES[:7] == [f"table{i}" for i in range(1, 8)]
    assert NAMES[7:14] == [f"figure{i}" for i in range(2, 9)]
    assert NAMES[14:] == [
        "baselines",
        "bytes-to-quality",
        "equal-bytes",
        "few-bytes",
        "lastfm-options",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_run_can_be_configured(name: str) -> None:
    loaded = experiment.load(name)
    tasks = [Task.of(point.given, point.observe) for point in loaded.points(seeds=1)]
    assert tasks
    for config in (task.config for task in tasks):
        method = method_of(config)
        configured = method.configure(config)
        assert method.budget(config.compression_rate, 1000, configured.dim) > 0
    assert len({task.key for task in tasks}) == len(tasks)
    assert loaded.table.read in READERS
    assert loaded.figure is None or loaded.figure.kind in _KINDS


BY_SIZE = {name for name in NAMES if experiment.load(name).table.read == "within-bytes"}


@pytest.mark.parametrize("name", [n for n in NAMES if n not in {"table6", *BY_SIZE}])
def test_a_cell_averages_over_seeds_only(name: str) -> None:
    loaded = experiment.load(name)
    points = loaded.points(seeds=2)
    assert set(Counter(place(point, loaded.table, "") for point in points).values()) == {2}


def test_table_1_is_complete() -> None:
    points = experiment.load("table1").points()
    by_data = Counter(point.labels["dataset"] for point in points)
    assert by_data == {"ml-1m": 30, "ml-100k": 90, "lastfm-2k": 90, "lastfm-2k-repeats": 90}


def _small(**changes: object) -> Experiment:
    content = {
        "name": "small",
        "title": "",
        "source": "",
        "grid": [{"dataset": "a", "method": ["x", "y"], "rate_range": [[0.1, 0.3], [0.5, 0.7]]}],
        "table": {"rows": ["method"], "metrics": {"m": "metrics.m"}},
    }
    return Experiment.model_validate(content | changes)


def test_lists_are_choices_and_seeds_come_last() -> None:
    points = _small(seeds={"a": 2, "default": 1}).points()
    assert [(p.given["method"], p.given["rate_range"], p.given["seed"]) for p in points] == [
        (method, rates, seed)
        for method in ("x", "y")
        for rates in ([0.1, 0.3], [0.5, 0.7])
        for seed in (0, 1)
    ]
    assert points[0].labels["rate_range"] == "0.1-0.3"


def test_seeds_and_rounds_can_be_set() -> None:
    (point, *_rest) = _small().points(seeds=1, rounds=7)
    assert len(_rest) == 3
    assert point.given["rounds"] == 7


def test_a_label_names_a_block_and_is_no_option() -> None:
    grid = [{"dataset": "a", "method": "x", "label": "{method} of {dataset}", "observe": "losses"}]
    (point,) = _small(grid=grid).points(seeds=1)
    assert point.labels["label"] == "x of a"
    assert point.observe == "losses"
    assert point.given == {"dataset": "a", "method": "x", "seed": 0}


def test_only_reads_alternatives() -> None:
    assert parse_only("") == {}
    assert parse_only("dataset=a, method=x,method=y") == {"dataset": {"a"}, "method": {"x", "y"}}


@pytest.mark.parametrize("text", ["dataset", "dataset=", "=a", "a=b,c"])
def test_only_refuses_what_is_no_pair(text: str) -> None:
    with pytest.raises(UsageError, match="expected KEY=VALUE"):
        parse_only(text)


def _points() -> list[Point]:
    return _small().points(seeds=1)


def test_only_keeps_what_has_all_the_values() -> None:
    kept = select(_points(), {"method": {"y"}, "rate_range": {"0.1-0.3"}})
    assert [point.labels["method"] for point in kept] == ["y"]
    assert select(_points(), {}) == _points()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"metod": {"x"}}, "unknown key 'metod': did you mean 'method'"),
        ({"method": {"z"}}, "unknown method 'z': known are x, y"),
    ],
)
def test_only_refuses_what_no_run_has(wanted: dict[str, set[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        require_known(_points(), wanted)


def test_an_unknown_experiment_names_the_known() -> None:
    with pytest.raises(UsageError, match=r"unknown experiment 'table11'.*figure8.*all"):
        experiment.load("table11")
