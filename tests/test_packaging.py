"""What is in the files that are released."""

import importlib
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from fedras.codecs.payload import VERSION
from fedras.run.checkpoint import _FORMAT

pytest.importorskip("scikit_build_core")
ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
WITHOUT_CORE = {"wheel.cmake": "false"}


def build(what: str, folder: Path, settings: dict[str, str] | None = None) -> Path:
    """Let the build backend build a wheel or an sdist as pip does, in a process of its own."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'backend')!r}); import fedras_build\n"
        f"print(fedras_build.build_{what}({str(folder)!r}, {settings!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the names in the sdist, and the text of those that are documents."""
    found = {}
    with tarfile.open(build("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            file = archive.extractfile(member) if name.endswith(".md") else None
            found[name] = file.read().decode() if file else ""
    return found


def local(text: str) -> set[str]:
    """Return the links and images of a document that name files."""
    return {link for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text) if link.strip()}


def test_links_and_figures_of_the_documents_are_in_the_sdist(sdist: dict[str, str]) -> None:
    folders = {str(parent) for name in sdist for parent in PurePosixPath(name).parents}
    documents = [name for name in sdist if re.fullmatch(r"(docs/)?[\w-]+\.md", name)]
    assert {"README.md", "CONTRIBUTING.md", "docs/reproduction.md"} <= set(documents)
    lacking = []
    for document in documents:
        for link in local(sdist[document]):
            parts: list[str] = []
            for part in (PurePosixPath(document).parent / link).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            if "/".join(parts) not in sdist.keys() | folders:
                lacking.append((document, link))
    assert not lacking
    assert any(link.endswith(".svg") for link in local(sdist["README.md"]))


def test_the_sdist_can_be_tested(sdist: dict[str, str]) -> None:
    kinds = "tests", "benchmarks", "studies", "examples", "deploy", ".ci"
    for folder in kinds:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in sdist


def test_the_wheel_holds_every_file_of_the_package_but_the_sources_of_the_core(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(build("wheel", tmp_path, WITHOUT_CORE)) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "fedras").rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.suffix not in (".cpp", ".hpp", ".so")
    }
    assert found == there
    assert "fedras/py.typed" in found


def test_a_compiler_is_fetched_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "backend"))
    backend = importlib.import_module("fedras_build")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    for needs in (
        backend.get_requires_for_build_wheel(),
        backend.get_requires_for_build_editable(),
    ):
        assert any(need.startswith("ziglang") for need in needs)
    (tmp_path / "g++").write_text("#!/bin/sh\n")
    (tmp_path / "g++").chmod(0o755)
    assert not any(need.startswith("ziglang") for need in backend.get_requires_for_build_wheel())


def test_the_module_is_the_command() -> None:
    done = [
        subprocess.run(command, capture_output=True, text=True, check=False)
        for command in (
            [sys.executable, "-m", "fedras", "--version"],
            [sys.executable, "-c", "from fedras.cli import main; main(['--version'])"],
        )
    ]
    assert done[0].returncode == 0
    assert done[0].stdout == done[1].stdout != ""


def test_formats_have_the_versions_that_the_document_says() -> None:
    text = (ROOT / "docs" / "versions.md").read_text("utf-8")
    said = dict(re.findall(r"^\| (\w+) \| (\d+) \|", text, re.MULTILINE))
    assert said == {"payload": str(VERSION), "checkpoint": _FORMAT.split()[-1].decode()}
