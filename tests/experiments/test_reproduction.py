"""From the command line to rows, on generated data: resumption, choices, what is done once."""

import time
from pathlib import Path
from typing import Any

import pytest
from helpers.small_experiments import DATA, HEAD, POINTS, TABLE, TRIALS, Inline, rows_of
from helpers.small_runs import start

from fedras.experiments import tuning
from fedras.experiments.reproduction import Reproduction
from fedras.experiments.task import Row

RATE = "learning_rate"
TIMELESS = ("seconds", "wall_seconds", "peak_memory_mb")


def _timeless(out: Path) -> list[Row]:
    return [{k: v for k, v in row.items() if k not in TIMELESS} for row in rows_of(out)]


def test_files_and_rows(run: Any, tmp_path: Path) -> None:
    answer = run()
    assert answer.status == 0, answer.err
    assert answer.out == ""
    assert f"{TRIALS + POINTS}/{TRIALS + POINTS}" in answer.err
    folder = tmp_path / "results" / "small"
    assert {path.name for path in folder.iterdir()} == {
        "runs.jsonl",
        "table.md",
        "table.csv",
        "figure.svg",
        "figure.png",
    }
    rows = rows_of(tmp_path / "results")
    assert [
        (row["method"], row["config"]["compression_rate"], row["config"]["seed"]) for row in rows
    ] == [(m, rate, s) for m in ("fedras", "topk") for rate in (0.5, 0.75) for s in (0, 1)]
    for row in rows:
        assert row["config"]["rounds"] == row["rounds"] == 3
        assert row["history"]["round"] == [1, 2, 3]
        assert row["history"]["hr@10"][-1] == pytest.approx(row["metrics"]["hr@10"], abs=1e-4)
        assert {"numpy", "fedras"} <= set(row["versions"])
        assert not {"threads", "data_dir"} & set(row["config"])


def test_the_learning_rate_is_the_best_trial(run: Any, tmp_path: Path) -> None:
    run()
    trials = rows_of(tmp_path / "results", "tuning")
    assert len(trials) == TRIALS
    assert all(row["config"]["validation"] for row in trials)
    for method in ("fedras", "topk"):
        mine = [row for row in trials if row["method"] == method]
        best = max(mine, key=tuning.score)["config"][RATE]
        used = {
            row["config"][RATE] for row in rows_of(tmp_path / "results") if row["method"] == method
        }
        assert used == {best}
    assert f"{RATE} = {best}" in (tmp_path / "results" / "tuning" / tuning.CHOICES).read_text()


def test_a_committed_choice_needs_no_trials(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {f"synthetic mf {m}": tuning.Choice(2.5, 0.01) for m in ("fedras", "topk")}
    monkeypatch.setattr(tuning, "committed", lambda: chosen)
    run()
    assert not (tmp_path / "results" / "tuning").exists()
    assert {row["config"][RATE] for row in rows_of(tmp_path / "results")} == {2.5}


def test_what_is_done_is_not_done_again(run: Any, tmp_path: Path, inline: type[Inline]) -> None:
    run()
    before = {
        path: path.read_bytes() for path in (tmp_path / "results").rglob("*") if path.is_file()
    }
    done = inline.done
    run()
    assert inline.done == done
    assert before == {
        path: path.read_bytes() for path in (tmp_path / "results").rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("limit", [3, TRIALS, TRIALS + 5])
def test_work_goes_on_where_it_stopped(
    run: Any, tmp_path: Path, inline: type[Inline], limit: int
) -> None:
    run(out=tmp_path / "whole")
    inline.done, inline.limit = 0, limit
    answer = run()
    assert answer.status == 130
    assert "stopped; finished runs are kept" in answer.err
    inline.limit = 10_000
    assert run().status == 0
    assert inline.done == TRIALS + POINTS
    assert _timeless(tmp_path / "results") == _timeless(tmp_path / "whole")


def test_a_killed_process_leaves_whole_rows(shelf: Path, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from fedras.experiments import experiment; "
        f"experiment._FOLDER = Path({str(shelf)!r})"
    )
    arguments = (
        "reproduce",
        "small",
        "--rounds",
        40,
        "--out",
        tmp_path / "results",
        "--workers",
        2,
    )
    process = start(*arguments, code=code)
    rows = tmp_path / "results" / "tuning" / "runs.jsonl"
    deadline = time.monotonic() + 240
    while not (rows.exists() and rows.read_bytes().count(b"\n")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    kept = rows.read_bytes().count(b"\n")
    assert kept
    request = Reproduction(["small"], tmp_path / "results", rounds=40)
    assert len(request.trials()) <= TRIALS - kept + 1
    again = start(*arguments, code=code)
    _, err = again.communicate(timeout=240)
    assert again.returncode == 0, err
    assert len(rows_of(tmp_path / "results")) == POINTS


@pytest.mark.usefixtures("shelf")
def test_two_workers_get_what_one_gets(tmp_path: Path) -> None:
    for workers in (1, 2):
        out = tmp_path / str(workers)
        request = Reproduction(["small"], out, {"method": {"topk"}}, 1, 3, workers=workers)
        list(request.run())
    assert _timeless(tmp_path / "1") == _timeless(tmp_path / "2")


def test_only_and_seeds(run: Any, tmp_path: Path, inline: type[Inline]) -> None:
    run("--only", "method=topk,compression_rate=0.5", "--seeds", 1)
    assert inline.done == TRIALS // 2 + 1
    (row,) = rows_of(tmp_path / "results")
    assert (row["method"], row["config"]["compression_rate"]) == ("topk", 0.5)
    run("--seeds", 3)  # the table then holds all three
    assert "3" in (tmp_path / "results" / "small" / "table.csv").read_text().splitlines()[1].split(
        ","
    )


def test_choices_stay_when_another_method_is_asked_for(run: Any, tmp_path: Path) -> None:
    for method in ("topk", "fedras"):
        run("--only", f"method={method}")
    text = (tmp_path / "results" / "tuning" / tuning.CHOICES).read_text()
    assert set(tuning.parse(text)) == {"synthetic mf fedras", "synthetic mf topk"}
    assert "synthetic mf topk" in (tmp_path / "results" / "tuning" / "table.md").read_text()


def test_a_run_that_two_tables_need_is_done_once(
    run: Any, shelf: Path, tmp_path: Path, inline: type[Inline]
) -> None:
    run()
    grid = f'\n[[grid]]\n{DATA}\nmethod = "topk"\ncompression_rate = 0.5\n'
    (shelf / "other.toml").write_text(HEAD + grid + TABLE)
    done = inline.done
    assert run(name="other").status == 0
    assert inline.done == done
    assert len(rows_of(tmp_path / "results", "other")) == 2


def test_a_run_that_diverges_is_said_and_kept(run: Any, shelf: Path, tmp_path: Path) -> None:
    grid = f'\n[[grid]]\n{DATA}\nmethod = "fedras"\nlearning_rate = 1e30\ncompression_rate = 0.5\n'
    (shelf / "wild.toml").write_text(HEAD + grid + TABLE)
    answer = run(name="wild")
    assert answer.status == 0
    assert "diverged" in answer.err
    assert "diverged" in (tmp_path / "results" / "wild" / "table.md").read_text()
    assert "NaN" in rows_of(tmp_path / "results", "wild")[0]["error"]
