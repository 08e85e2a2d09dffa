"""The same record on the instruction sets that the core would not choose here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fedras.core import instructions


@pytest.mark.parametrize("core", ["plain", "avx2"])
def test_other_instructions_come_to_the_same(core: str) -> None:
    """AVX2 by name leaves out what is chosen at run time beyond it."""
    if instructions == "plain" and core != "plain":
        pytest.skip("this processor has no AVX2")
    recorded = Path(__file__).with_name("test_golden.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", str(recorded)],
        cwd=recorded.parents[2],
        env=os.environ | {"FEDRAS_CORE": core},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
