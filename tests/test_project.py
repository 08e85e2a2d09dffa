"""The promises that the project's own files make to each other."""

import re
import tomllib
from pathlib import Path

import pytest

from fedras.experiments import experiment, tuning

ROOT = Path(__file__).parent.parent


def test_ci_runs_the_readmes_test_command() -> None:
    command = 'pip install -e ".[test]" && pytest'
    assert f"\n{command}\n" in (ROOT / "README.md").read_text("utf-8")
    assert f"\n{command}\n" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_extra_all_holds_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(re.search(r"\[(.*)\]", everything)[1].split(",")) == set(extras) - {"all"}  # type: ignore[index]


@pytest.mark.parametrize("name", experiment.names())
def test_the_document_has_a_place_for_every_experiment(name: str) -> None:
    text = (ROOT / "docs" / "reproduction.md").read_text("utf-8")
    assert text.count(f"<!-- {name} -->\n") == 1


def test_the_choices_of_the_package_are_those_of_the_committed_trials() -> None:
    chosen = ROOT / "results" / tuning.NAME / tuning.CHOICES
    if not chosen.exists():
        pytest.skip("nothing has been tuned yet")
    assert tuning.parse(chosen.read_text("utf-8")) == tuning.committed()


@pytest.mark.parametrize("module", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: path.stem)
def test_modules_stay_small(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= 300
