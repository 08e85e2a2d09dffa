"""How a run goes, in words, wherever they are shown."""

from typing import Any

import pytest
from helpers.small_runs import Fedras

from fedras.cli.displays.training import watched
from fedras.config import Config
from fedras.federation.schedule import Schedule
from fedras.models.context import OFF, Context
from fedras.run import course
from fedras.run.progress import followed
from fedras.run.training import open_run

LINE = {"round": 25, "ranked": "validation", "hr@10": 0.5, "ndcg@10": 0.25}
OVER = {"round": 50, "ranked": None, "hr@10": None, "ndcg@10": None}
STOPS: dict[str, Any] = {
    "dataset": "synthetic",
    "users": 40,
    "items": 60,
    "interactions": 500,
    "rounds": 50,
    "eval_every": 1,
    "patience": 1,
    "dim": 8,
    "baselines": False,
}


def test_what_is_ranked_is_named() -> None:
    assert course.quality(LINE) == "validation HR@10 0.5000  NDCG@10 0.2500"
    assert course.quality(LINE | {"ranked": "test"}).startswith("test HR@10")
    assert course.quality(OVER) == "the validation item trains too"


def test_the_last_quality_stays_to_be_seen() -> None:
    said = course.quality(LINE)
    assert course.latest([]) == ""
    assert course.latest([OVER]) == course.quality(OVER)
    assert course.latest([OVER | {"round": 1}, LINE]) == said
    assert course.latest([LINE, OVER]) == f"{said} in round 25, now that item trains too"


def test_what_was_left_out_and_what_counts() -> None:
    config = Config(rounds=500)
    assert course.stopped(config, Schedule()) == course.counted(Schedule()) == ""
    assert course.stopped(config, Schedule(275)).startswith("rounds 126 to 400 are left out: ")
    assert course.stopped(config, Schedule(1)).startswith("round 400 is left out: ")
    assert "2 times the cosine" in course.counted(Schedule(0, Context(0.8, 2.0)))
    found = course.section(config, Schedule(275, Context(0.8, 2.0), 0.5, 4))
    assert found["skipped_rounds"] == 275
    assert found["context"] == {"decay": 0.8, "weight": 2.0, "own": 1.0}
    assert len(found["text"]) == 2
    assert course.section(config, Schedule(0, OFF))["text"] == []


def test_a_command_says_once_why_it_ends_early(fedras: Fedras) -> None:
    arguments = [part for name, value in STOPS.items() for part in ("--set", f"{name}={value}")]
    arguments[-1] = "baselines=false"
    found = fedras("train", *arguments)
    assert found.status == 0, found.err
    assert "None" not in found.err + found.out
    assert found.err.count("left out") == found.out.count("left out") == 1
    shown = [line for line in found.err.splitlines() if "/" in line and "HR@10" in line]
    (end,) = (n for n, line in enumerate(found.err.splitlines()) if "left out" in line)
    assert all("validation HR@10" in line for line in shown)
    before = found.err.splitlines()[end - 1]
    done, length = map(int, before.split("round ")[1].split()[0].split("/"))
    assert length == done + 10  # the last fifth
    assert f"rounds {done + 1} to 40 are left out" in found.err
    assert shown[-1].startswith(f"fedras: round {length}/{length}")
    assert "now that item trains too" in shown[-1]


def test_bars_end_where_a_run_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    for _ in ("fit", "train"):
        run = open_run(Config.model_validate(STOPS))
        if _ == "fit":
            assert len(list(followed(run))) == run.length < 50
        else:
            with watched(run, quiet=False) as show:
                for result in run.rounds():
                    show(result)
        said = capsys.readouterr().err
        assert "now that item trains too" in said
        assert "None" not in said
    assert f"{run.length}/{run.length}" in said
    assert "left out" in said
