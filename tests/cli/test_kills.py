"""Whatever stops a run, resuming it ends as if nothing had."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.small_runs import ARGUMENTS, Fedras, assert_same, start

_PATIENCE = 60.0  # seconds
_CODE = """
import os
from pathlib import Path
fsync, replace, count = os.fsync, Path.replace, 0
def kill_at(wanted):
    def counted(action):
        def act(*given):
            global count
            count += 1
            if count == wanted:
                os.kill(os.getpid(), 9)
            return action(*given)
        return act
    os.fsync, Path.replace = counted(fsync), counted(replace)
kill_at({step})
"""


@pytest.mark.parametrize("step", [1, 3, 4, 5, 10])
def test_killed_while_writing(step: int, fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    """Steps 1 and 2 write the configuration; then a checkpoint and the metrics take 4 a round."""
    folder = tmp_path / "run"
    process = start("train", *ARGUMENTS, "--quiet", "--out", folder, code=_CODE.format(step=step))
    assert process.communicate(timeout=_PATIENCE) == ("", "")
    assert process.returncode == -signal.SIGKILL
    assert list(folder.glob(".*.partial"))
    resume = [] if step == 1 else ["--resume"]
    given = ARGUMENTS if step == 1 else []
    assert fedras("train", *given, *resume, "--out", folder, "--quiet").status == 0
    assert_same(folder, finished)


def test_killed_again_and_again(fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    chance = np.random.default_rng(1)
    kills = 0
    for attempt in range(5):
        arguments = ["--resume"] if attempt else ARGUMENTS
        process = start("train", *arguments, "--quiet", "--out", folder)
        _await_a_checkpoint(process, folder)
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.communicate(timeout=_PATIENCE)
        kills += process.returncode == -signal.SIGKILL
    assert kills
    assert fedras("train", "--resume", "--out", folder, "--quiet").status == 0
    assert_same(folder, finished)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(number: signal.Signals, fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a run"
    slow = "import os, time; fsync = os.fsync; os.fsync = lambda f: (time.sleep(0.1), fsync(f))"
    process = start("train", *ARGUMENTS, "--quiet", "--out", folder, code=slow)
    _await_a_checkpoint(process, folder)
    process.send_signal(number)
    out, err = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, out) == (130, "")
    said = re.fullmatch(
        r"fedras: stopped after round (\d+); continue with: fedras (train --resume --out '.*')\n",
        err,
    )
    assert said
    assert said.group(2) == f"train --resume --out '{folder}'"
    assert not (folder / "summary.json").exists()
    assert fedras("train", "--resume", "--out", folder, "--quiet").status == 0
    assert_same(folder, finished)


def _await_a_checkpoint(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait until the process has written a checkpoint or ended."""
    path = folder / "checkpoint.npz"
    before = path.stat().st_mtime_ns if path.exists() else 0
    give_up = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        if path.exists() and path.stat().st_mtime_ns != before:
            return
        time.sleep(0.001)
    assert process.poll() is not None, os.fspath(path)
