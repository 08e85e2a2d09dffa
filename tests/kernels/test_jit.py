"""The cache of compiled kernels helps, or at worst does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = (
    "import numpy as np; from fedras.kernels.finite import all_finite as f;"
    "print(f(np.ones((3, 3), np.float32)))"
)


def run(cache: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"FEDRAS_CACHE": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80\x04N."])
@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_damaged_files_are_written_anew(kind: str, content: bytes, tmp_path: Path) -> None:
    assert run(tmp_path).stdout == "True\n"
    damaged = list(tmp_path.rglob(f"*.{kind}"))
    assert damaged
    for path in damaged:
        path.write_bytes(content)
    done = run(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
    assert all(path.read_bytes() != content for path in damaged)


def test_a_place_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "file" / "folder")
    assert (done.returncode, done.stdout) == (0, "True\n")
    assert done.stderr.startswith(f"fedras: compiled kernels cannot be kept in {tmp_path}")
    assert done.stderr.count("\n") == 1
