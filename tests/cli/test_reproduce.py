"""What ``fedras reproduce`` says, and what it refuses."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.small_experiments import POINTS, TRIALS, Inline
from helpers.small_runs import Fedras

from fedras.cli.displays import reproduction
from fedras.cli.displays.durations import duration
from fedras.experiments.costs import Costs
from fedras.experiments.reproduction import Reproduction
from fedras.experiments.runner import Started
from fedras.experiments.task import Task


def test_a_dry_run_lists_what_is_left_and_writes_nothing(
    run: Any, tmp_path: Path, inline: type[Inline]
) -> None:
    answer = run("--dry-run")
    assert answer.status == 0
    assert inline.done == 0
    assert not (tmp_path / "results").exists()
    assert f"tuning: {TRIALS} runs" in answer.out
    assert f"small: {POINTS} runs" in answer.out
    assert "synthetic mf topk 75.00 % seed 1" in answer.out
    assert f"{TRIALS + POINTS} runs not counted" in answer.out
    run("--only", "method=topk")
    answer = run("--dry-run")
    assert f"tuning: {TRIALS // 2} runs" in answer.out
    assert "not counted" not in answer.out


def test_a_terminal_shows_what_runs_and_when_it_ends(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fedras.cli.displays.reproduction.sys.stderr.isatty", lambda: True, raising=False
    )
    answer = run()
    assert answer.status == 0
    assert f"{TRIALS + POINTS}/{TRIALS + POINTS}" in answer.err
    assert "about 0 s left" in answer.err


def test_a_terminal_shows_the_table(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    assert run().out == ""
    monkeypatch.setattr("fedras.cli.reproduce.sys.stdout.isatty", lambda: True, raising=False)
    shown = run().out
    assert "Small" in shown
    assert "HR@10" in shown
    assert run("--quiet").out == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (9000, "2.5 h")],
)
def test_times_are_said_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_figures_need_matplotlib_before_anything_runs(
    run: Any, monkeypatch: pytest.MonkeyPatch, inline: type[Inline]
) -> None:
    monkeypatch.setattr("fedras.report.figures.find_spec", lambda _: None)
    answer = run()
    assert answer.status == 2
    assert answer.err.startswith("fedras: error: figures need matplotlib; run: pip install")
    assert '"matplotlib>=' in answer.err
    assert inline.done == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("table11",), "unknown experiment 'table11'"),
        (("small", "--only", "method"), "expected KEY=VALUE"),
        (("small", "--only", "method=svd"), "unknown method 'svd'"),
        (("small", "--seeds", "0"), "--seeds"),
        (("small", "--into", "nowhere.md"), "'nowhere.md' does not exist"),
    ],
)
@pytest.mark.usefixtures("shelf", "inline")
def test_mistakes_are_one_line(
    fedras: Fedras, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    out = tmp_path / "results"
    answer = fedras("reproduce", *arguments, "--rounds", 1, "--out", out, "-q")
    assert answer.status in (1, 2)
    assert message in answer.err
    assert answer.err.count("\n") == 1
    assert not out.exists()


def test_a_folder_in_use_is_refused(run: Any, tmp_path: Path) -> None:
    first = Reproduction(["small"], tmp_path / "results", rounds=3)
    events = first.run()
    next(events)
    answer = run()
    events.close()
    assert answer.status == 1
    assert "another process" in answer.err
    assert run().status == 0


def task_of(rounds: int, seed: int = 0) -> Task:
    return Task.of({"dataset": "synthetic", "rounds": rounds, "seed": seed})


def row_of(rounds: int, took: float) -> dict[str, Any]:
    return {"config": task_of(rounds).config.flat(), "history": {}, "wall_seconds": took}


def costs(*rows: dict[str, Any]) -> Costs:
    return Costs(SimpleNamespace(rows=lambda: list(rows)), {})  # type: ignore[arg-type]


def test_what_runs_take_here_counts_more_than_what_they_took_elsewhere() -> None:
    known = costs(row_of(100, 10), row_of(100, 10))
    assert known.seconds(task_of(50)) == pytest.approx(5)
    known.learn(row_of(100, 30))
    assert known.seconds(task_of(50)) == pytest.approx(15)


def test_other_runs_are_expected_to_be_as_much_slower() -> None:
    other = row_of(100, 4)
    other["config"] |= {"model": "ncf"}
    known = costs(row_of(100, 10), other)
    task = Task.of({"dataset": "synthetic", "rounds": 100, "model": "ncf"})
    assert known.seconds(task) == pytest.approx(4)
    known.learn(row_of(100, 30))
    assert known.seconds(task) == pytest.approx(12)


@pytest.mark.parametrize(("workers", "left"), [(1, 72), (2, 48), (3, 24), (9, 24)])
def test_the_time_left_is_that_of_the_longest_row_of_runs(
    workers: int, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [task_of(100, seed) for seed in range(3)]
    request = SimpleNamespace(
        stages=lambda: iter([("some", tasks)]),
        store=SimpleNamespace(rows=lambda: [row_of(100, 24)]),
        choices=dict,
        workers=workers,
    )
    monkeypatch.setattr(reproduction, "monotonic", lambda: 0.0)
    shown = reproduction.Left(request)  # type: ignore[arg-type]
    assert shown.ends() == f"about {left} s left"
    for task in tasks[:workers]:
        shown.note(Started(task))
    monkeypatch.setattr(reproduction, "monotonic", lambda: 20.0)
    assert shown.ends() == f"about {left - 20} s left"
