"""Real processes, disturbed; minutes each, so only with ``-m slow``. See `benchmarks/faults.py`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
NAMES = ["none", "node", "two nodes", "thirty rounds", "superlink", "server", "stall", "disk"]
NOISE = 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_disturbed_federation_ends_well(name: str) -> None:
    if name == "disk" and os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    script = [sys.executable, str(BENCHMARKS / "faults.py"), "--only", name]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    import json

    run = json.loads(done.stdout.splitlines()[-1])
    assert all(run["replicas_equal"])
    for metric, value in run["undisturbed"].items():
        assert run["metrics"][metric] >= value - NOISE
    if name in {"none", "server"}:
        assert run["metrics"] == run["undisturbed"]
