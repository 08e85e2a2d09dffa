"""What reads a peer's bytes, under the sanitisers of the compiler: a short run of `fuzz`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent.parent.parent / "fuzz"
COUNT = 20_000


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fuzz targets, built."""
    folder = tmp_path_factory.mktemp("fuzz")
    if shutil.which("cmake") is None:
        pytest.skip("needs CMake")
    done = _run("cmake", "-S", FUZZ, "-B", folder)
    if done.returncode:
        pytest.skip(f"needs a compiler with sanitisers: {done.stderr}")
    done = _run("cmake", "--build", folder, "--parallel", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("name", ["row_sets", "choices", "quantised", "rotated", "uploads"])
def test_hostile_bytes_do_no_harm(name: str, targets: Path) -> None:
    assert (FUZZ / f"{name}.cpp").exists()
    done = _run(targets / f"fuzz_{name}", str(COUNT))
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["payloads"] == COUNT
    assert 0 < outcome["accepted"] < COUNT
