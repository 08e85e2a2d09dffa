"""``fedras tune``: what it prints and writes, and how it ends."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.small_runs import SMALL, Fedras, start

import fedras as package
from fedras.errors import UsageError

_PATIENCE = 120.0  # seconds
GIVEN = SMALL | {"items": 300, "interactions": 1500, "eval_every": 3}
ARGUMENTS = [
    part for name, value in GIVEN.items() for part in ("--set", f"{name}={json.dumps(value)}")
]


def test_the_config_is_one_that_train_takes(fedras: Fedras, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    search = ["--search", "learning_rate=0.5..5", "--search", "dim=8,16"]
    done = fedras("tune", *ARGUMENTS, *search, "--trials", 3, "--out", folder)
    assert done.status == 0
    told = [line for line in done.err.splitlines() if "trial " in line]
    assert [line.split()[:2] for line in told] == [["fedras:", f"{n}/3"] for n in (1, 2, 3)]
    config = folder / "config.toml"
    assert done.out.splitlines()[-1].endswith(f": fedras train --config '{config}'")
    trained = fedras("train", "--config", config, "--out", tmp_path / "run", "--json")
    assert trained.status == 0
    summary = json.loads(trained.out)
    assert f"train with the best, {summary['rounds']} rounds" in done.out
    again = fedras("tune", "--resume", "--out", folder, "--json")
    assert (again.status, again.err) == (0, "")
    found = json.loads(again.out)
    best = max(found["trials"], key=lambda row: row["ndcg@10"])
    assert found["best"]["dim"] == best["dim"]
    assert found["best"]["rounds"] == best["best_round"] == summary["rounds"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--search", "alpha"], "--search alpha: expected OPTION=LOW..HIGH or OPTION=A,B"),
        (["--search", "alpha=5..1"], "--search alpha=5..1: the first number must be the smaller"),
        (["--search", "alhpa=.1...5"], "--search alhpa: unknown option 'alhpa': did you mean"),
        (["--search", "alpha=.1...2", "--search", "alpha=.1...3"], "--search alpha is given twice"),
        (["--time", "soon"], "--time soon: expected a time such as 90s, 30m or 2h"),
        (["--time", "0m"], "--time 0m: expected a time"),
        (["--resume"], "to resume a tuning, say which"),
        (["--set", "nonsense=3"], "unknown option 'nonsense'"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], message: str, fedras: Fedras, tmp_path: Path
) -> None:
    out = [] if arguments == ["--resume"] else ["--out", tmp_path / "tuned"]
    done = fedras("tune", *ARGUMENTS, *arguments, *out)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"fedras: error: {message}")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "tuned").exists()


def test_a_folder_without_a_tuning(fedras: Fedras, finished: Path) -> None:
    done = fedras("tune", "--resume", "--out", finished)
    assert done.status == 2
    assert done.err == (
        f"fedras: error: {finished} holds no tuning: there is no {finished / 'study.toml'}\n"
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_stopped_with_processes_and_resumed(
    number: signal.Signals, fedras: Fedras, tmp_path: Path
) -> None:
    folder = tmp_path / "tuned"
    process = start("tune", *ARGUMENTS, "--trials", 200, "--jobs", 2, "--out", folder)
    _await_trials(process, folder, 3)
    children = _children(process.pid)
    assert len(children) >= 2
    process.send_signal(number)
    out, err = process.communicate(timeout=_PATIENCE)
    assert out == ""
    if number is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        command = f"fedras tune --resume --out {folder} --jobs 2"
        last = err.splitlines()[-1]
        assert re.fullmatch(rf"fedras: stopped after \d+ of 200 trials; .*: {command}", last)
        assert "Traceback" not in err
    _await_end(children)
    count = len((folder / "trials.csv").read_text().splitlines()) - 1
    trials = str(count + 3)
    assert fedras("tune", "--resume", "--out", folder, "--trials", trials, "-q").status == 0
    rows = (folder / "trials.csv").read_text().splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == [str(n) for n in range(count + 3)]


def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    process = start("tune", *ARGUMENTS, "--trials", 200, "--jobs", 2, "--out", folder)
    _await_trials(process, folder, 1)
    for child in _children(process.pid):
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(child, signal.SIGKILL)
    _, err = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("fedras: error: a process died, perhaps of too little")


def test_from_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = [(f"u{u}", f"i{(7 * u + s * s) % 60}") for u in range(40) for s in range(9)]
    given: dict[str, Any] = {"rounds": 4, "eval_every": 2, "dim": 8, "actions": 3, "threads": 1}
    search = {"learning_rate": "0.5..5", "negatives": [2, 4]}
    where = tmp_path / "tuned"
    found = package.tune(table, search=search, trials=3, out=where, **given)
    assert [row["trial"] for row in found.trials] == [0, 1, 2]
    assert len(capsys.readouterr().out.splitlines()) == 3
    best = max(row["ndcg@10"] for row in found.trials)
    assert f"NDCG@10 {best:.4f}" in repr(found)
    assert "<table>" in found._repr_html_()
    run = package.fit(table, progress=False, **found.options)
    assert run.config.options == found.best.options
    assert run.config.rounds == found.best.rounds
    more = package.tune(table, search=search, trials=4, out=where, progress=False, **given)
    assert more.trials[:3] == found.trials
    with pytest.raises(UsageError, match="actions is not given here but 3 in"):
        package.tune(table, search=search, out=where, rounds=4, eval_every=2, dim=8)


def _await_trials(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until so many trials have ended."""
    give_up, path = time.monotonic() + _PATIENCE, folder / "trials.csv"
    while process.poll() is None and time.monotonic() < give_up:
        if path.exists() and len(path.read_text().splitlines()) > count:
            return
        time.sleep(0.01)
    pytest.fail(f"no {count} trials: {process.communicate()}")


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(child) for child in found.split()]


def _await_end(processes: list[int]) -> None:
    give_up = time.monotonic() + _PATIENCE
    while any(_runs(process) for process in processes):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
