"""From the command line to files, on generated data: resumption, choices, reports, errors."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.small_experiments import DATA, HEAD, TABLE, Inline
from helpers.small_runs import Fedras, start

from fedras.cli.displays.durations import duration
from fedras.experiments import tuning
from fedras.experiments.reproduction import Reproduction
from fedras.experiments.task import Row
from fedras.report import paper
from fedras.report.cells import Place

RATE = "learning_rate"
TIMELESS = ("seconds", "wall_seconds", "peak_memory_mb")
POINTS = 2 * 2 * 2  # methods, rates, seeds
TRIALS = 2 * 5  # methods, learning rates


def _rows(out: Path, name: str = "small") -> list[Row]:
    lines = (out / name / "runs.jsonl").read_text().splitlines()
    rows: list[Row] = [json.loads(line) for line in lines]
    return rows


def _timeless(out: Path) -> list[Row]:
    return [{k: v for k, v in row.items() if k not in TIMELESS} for row in _rows(out)]


@pytest.fixture
def run(fedras: Fedras, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a function that reproduces ``small`` in few rounds."""
    for name in ("shelf", "inline"):
        request.getfixturevalue(name)

    def reproduce(*arguments: object, out: Path = tmp_path / "results", name: str = "small") -> Any:
        return fedras("reproduce", name, "--rounds", 3, "--out", out, *arguments)

    return reproduce


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
    rows = _rows(tmp_path / "results")
    assert [
        (row["method"], row["config"]["compression_rate"], row["config"]["seed"]) for row in rows
    ] == [(m, rate, s) for m in ("fedras", "topk") for rate in (0.5, 0.75) for s in (0, 1)]
    for row in rows:
        assert row["config"]["rounds"] == row["rounds"] == 3
        assert row["history"]["round"] == [1, 2, 3]
        assert row["history"]["hr@10"][-1] == pytest.approx(row["metrics"]["hr@10"], abs=1e-4)
        assert {"numba", "fedras"} <= set(row["versions"])
        assert not {"threads", "data_dir"} & set(row["config"])


def test_the_table_is_the_mean_of_the_rows(run: Any, tmp_path: Path) -> None:
    run()
    rows = _rows(tmp_path / "results")
    values = [row["metrics"]["hr@10"] for row in rows if row["method"] == "topk"][:2]
    csv = (tmp_path / "results" / "small" / "table.csv").read_text().splitlines()
    (line,) = [line for line in csv if line.startswith(",topk,0.5,HR@10,")]
    assert float(line.split(",")[4]) == pytest.approx(sum(values) / 2)
    table = (tmp_path / "results" / "small" / "table.md").read_text()
    assert f"{sum(values) / 2:.4f}" in table
    assert "| TopK |" in table


def test_the_learning_rate_is_the_best_trial(run: Any, tmp_path: Path) -> None:
    run()
    trials = _rows(tmp_path / "results", "tuning")
    assert len(trials) == TRIALS
    assert all(row["config"]["validation"] for row in trials)
    for method in ("fedras", "topk"):
        mine = [row for row in trials if row["method"] == method]
        best = max(mine, key=tuning.score)["config"][RATE]
        used = {
            row["config"][RATE] for row in _rows(tmp_path / "results") if row["method"] == method
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
    assert {row["config"][RATE] for row in _rows(tmp_path / "results")} == {2.5}


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
    assert len(_rows(tmp_path / "results")) == POINTS


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
    (row,) = _rows(tmp_path / "results")
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


def test_a_run_that_two_tables_need_is_done_once(
    run: Any, shelf: Path, tmp_path: Path, inline: type[Inline]
) -> None:
    run()
    grid = f'\n[[grid]]\n{DATA}\nmethod = "topk"\ncompression_rate = 0.5\n'
    (shelf / "other.toml").write_text(HEAD + grid + TABLE)
    done = inline.done
    assert run(name="other").status == 0
    assert inline.done == done
    assert len(_rows(tmp_path / "results", "other")) == 2


def test_a_run_that_diverges_is_said_and_kept(run: Any, shelf: Path, tmp_path: Path) -> None:
    grid = f'\n[[grid]]\n{DATA}\nmethod = "fedras"\nlearning_rate = 1e30\ncompression_rate = 0.5\n'
    (shelf / "wild.toml").write_text(HEAD + grid + TABLE)
    answer = run(name="wild")
    assert answer.status == 0
    assert "diverged" in answer.err
    assert "diverged" in (tmp_path / "results" / "wild" / "table.md").read_text()
    assert "NaN" in _rows(tmp_path / "results", "wild")[0]["error"]


def test_the_figure_is_the_same_each_time(run: Any, tmp_path: Path) -> None:
    run()
    folder = tmp_path / "results" / "small"
    before = {name: (folder / name).read_bytes() for name in ("figure.svg", "figure.png")}
    for name in before:
        (folder / name).unlink()
    run()
    assert before == {name: (folder / name).read_bytes() for name in before}
    assert b"<dc:date>" not in before["figure.svg"]


def test_the_paper_stands_beside(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place("", "topk", "0.5", "HR@10")
    monkeypatch.setattr("fedras.report.document.published", lambda _: {place: 0.5})
    run()
    csv = (tmp_path / "results" / "small" / "table.csv").read_text().splitlines()
    (line,) = [line for line in csv if line.startswith(",topk,0.5,HR@10,")]
    ours, *_, theirs, difference = line.split(",")[4:]
    assert float(theirs) == 0.5
    assert float(difference) == pytest.approx(float(ours) - 0.5)
    table = (tmp_path / "results" / "small" / "table.md").read_text()
    assert "| paper | difference |" in table
    assert f"{float(ours) - 0.5:+.4f}" in table
    assert "\n\n**Not the paper's setting: 3 rounds instead of 500.**\n\n" in table
    assert paper.published("small") == {}


def test_a_terminal_shows_the_table(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    assert run().out == ""
    monkeypatch.setattr("fedras.cli.reproduce.sys.stdout.isatty", lambda: True, raising=False)
    shown = run().out
    assert "Small" in shown
    assert "HR@10" in shown
    assert run("--quiet").out == ""


def test_tables_go_into_documents(run: Any, tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("before\n<!-- small -->\nold\n<!-- end -->\nafter\n")
    run("--into", document)
    text = document.read_text()
    assert text.startswith("before\n<!-- small -->\n| method |")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "old" not in text


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
    assert answer.err == "fedras: error: figures need matplotlib: pip install 'fedras[figures]'\n"
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
