"""What ``fedras reproduce`` says, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from helpers.small_experiments import POINTS, TRIALS, Inline
from helpers.small_runs import Fedras

from fedras.cli.displays.durations import duration
from fedras.experiments.reproduction import Reproduction


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
