"""The guide to several machines, followed step by step on this one: real processes, minutes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.documents import ROOT, blocks

from fedras.flower.loopback import free_port

GUIDE = "tests/docs/test_federation.py"
PATIENCE = 300.0  # seconds
SMALL = "synthetic --set users=60 --set items=100 --set interactions=1200"
SERVING = ("fedras superlink ", "fedras node ")


class Shells:
    """Shells in one folder, as the guide has them; what serves runs in the background."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.started: list[subprocess.Popen[bytes]] = []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path}

    def fitted(self, text: str) -> str:
        """Return a block for a port that is free, few rounds and small data."""
        text = text.replace("ml-100k", SMALL).replace("rounds = 50", "rounds = 2")
        text = text.replace("localhost:8000", f"localhost:{self.port}")
        return text.replace(
            "--state superlink --root", f"--state superlink --port {self.port} --root"
        )

    def do(self, text: str) -> None:
        """Run a block to its end, or leave it running if it serves."""
        script = ["/bin/bash", "-ec", self.fitted(text)]
        log = self.folder / f"{len(self.started)}.log"
        with log.open("wb") as out:
            shell = subprocess.Popen(
                script,
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.started.append(shell)
        if not text.startswith(SERVING):
            assert shell.wait(PATIENCE) == 0, log.read_text("utf-8")

    def end(self) -> None:
        for shell in reversed(self.started):
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGTERM)
        for shell in self.started:
            try:
                shell.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)


@pytest.fixture
def shells(tmp_path: Path) -> Iterator[Shells]:
    for needed in ("openssl", "ssh-keygen"):
        if shutil.which(needed) is None:
            pytest.skip(f"needs {needed}")
    made = Shells(tmp_path)
    yield made
    made.end()


def await_(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, path
        time.sleep(0.5)


@pytest.mark.slow
def test_the_guide_leads_to_a_run_and_to_recommendations(shells: Shells) -> None:
    pytest.importorskip("flwr")
    steps = [b.text for b in blocks(ROOT / "docs" / "federation.md") if GUIDE in b.not_run]
    assert len(steps) == 7
    split, keys, superlink, register, node, run, recommend = steps
    for step in (split, keys, superlink):
        shells.do(step)
    await_(shells.folder / "superlink")
    time.sleep(10)  # it has no sign by which it says that it serves
    shells.do(register)
    for number in ("0", "1"):
        shells.do(node.replace("node-0", f"node-{number}").replace("state-0", f"state-{number}"))
    shells.do(run)
    await_(shells.folder / "run" / "summary.json")
    rows = (shells.folder / "nodes" / "node-0" / "interactions.csv").read_text("utf-8").splitlines()
    user = rows[1].split(",")[0]
    shells.do(recommend.replace("--user 1", f"--user {user}"))
