"""The promises that the project's own files make to each other."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from fedras.experiments import experiment, tuning

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def test_ci_runs_the_readmes_test_command() -> None:
    command = 'pip install -e ".[test]" && pytest'
    assert f"\n{command}\n" in (ROOT / "README.md").read_text("utf-8")
    assert f"\n{command}\n" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_workflow_runs_scripts_that_can_be_run() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    scripts = set(re.findall(r"\.ci/\w+", workflow))
    assert scripts == {f".ci/{path.name}" for path in (ROOT / ".ci").iterdir()}
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)


def test_services_are_bounded_in_memory_and_start_again() -> None:
    units = sorted((ROOT / "deploy" / "systemd").iterdir())
    assert len(units) == 2
    for unit in units:
        assert {"MemoryMax=75%", "MemorySwapMax=0", "Restart=always"} <= set(
            unit.read_text("utf-8").splitlines()
        )
    compose = (ROOT / "deploy" / "compose" / "compose.yaml").read_text("utf-8")
    assert compose.count(" mem_limit: ") == compose.count(" restart: always") == 2


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


METHODS, DATASETS = 5, 3


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_readmes_results_are_those_of_the_table() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    head, _, *rows = readme[readme.index("| method |") :].partition("\n\n")[0].splitlines()
    table = (ROOT / "results" / "table1" / "table.md").read_text("utf-8")
    datasets = _cells(head)[1:]
    assert (len(datasets), len(rows)) == (DATASETS, METHODS)
    for at, dataset in enumerate(datasets, start=1):
        own = table.partition(f"**{dataset}**\n\n")[2].partition("\n\n")[0]
        titles, *lines = own.splitlines()
        (place,) = [k for k, title in enumerate(_cells(titles)) if title.startswith("CR 96.88%")]
        results = {_cells(line)[1]: _cells(line)[place] for line in lines if "| MF |" in line}
        assert {_cells(row)[0]: _cells(row)[at] for row in rows} == results


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / link).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_not_published_is_not_installed_by_its_name(document: Path) -> None:
    assert "fedras[" not in document.read_text("utf-8")


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    released = re.search(
        r"^## (\S+) - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert released is not None
    assert released[1] == version
    assert f"\nversion: {version}\ndate-released: {released[2]}\n" in citation
