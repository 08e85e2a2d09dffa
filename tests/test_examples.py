"""The packages under examples/ work without a change to fedras."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fedras

ROOT = Path(__file__).parent.parent
EXTERNAL = ROOT / "examples" / "external_codec"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment with the example as if installed, which would need the network."""
    site = tmp_path_factory.mktemp("site")
    project = tomllib.loads((EXTERNAL / "pyproject.toml").read_text("utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    path = [str(site), str(EXTERNAL), str(Path(fedras.__file__).parent.parent)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_an_external_method_is_listed(environment: dict[str, str]) -> None:
    listed = json.loads(run(environment, "-m", "fedras", "methods", "--json"))
    (half,) = [method for method in listed if method["name"] == "half"]
    assert half["citation"] == "examples/external_codec"
    assert half["summary"].startswith("As many rows as the compression rate allows")
    assert {o["name"]: o["default"] for o in half["options"]} == {"numbers": "f16"}


@pytest.mark.parametrize(("numbers", "size"), [("f16", 2), ("f32", 4)])
def test_an_external_codec_trains(
    numbers: str, size: int, environment: dict[str, str], tmp_path: Path
) -> None:
    sizes = [f"--set={name}" for name in ("users=60", "items=100", "interactions=900", "dim=8")]
    given = ["--dataset=synthetic", "--method=half", "--compression-rate=0.5", "--rounds=3"]
    given.append(f"--set=numbers={numbers}")
    out = tmp_path / "run"
    run(environment, "-m", "fedras", "train", *given, *sizes, f"--out={out}")
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    values = summary["uplink_bytes_per_client_round"] - 100
    assert 30 * size * 8 < values + 100
    assert values < 50 * size * 8
    assert 0 < summary["metrics"]["hr@10"] <= 1


def test_an_external_codec_is_held_to_the_conformance_suite(environment: dict[str, str]) -> None:
    chosen = ["tests/codecs/test_conformance.py", "-k", "HalfRows"]
    assert " passed" in run(environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen)
