"""Every block of code in the documents runs, in order, or says why it does not."""

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
import typer
from helpers import documents
from helpers.documents import DOCUMENTS, NOTEBOOKS, ROOT, Block, Small, blocks
from helpers.small_runs import Fedras

import fedras as package
from fedras.aggregation import AGGREGATIONS
from fedras.baselines import BASELINES
from fedras.cli.app import app
from fedras.codecs import CODECS
from fedras.data.dataset import DATASETS
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.numbers import NUMBERS

REGISTRIES = (AGGREGATIONS, BASELINES, CODECS, DATASETS, METHODS, MODELS, NUMBERS)
TRIED = ("sh", "python")
ENDLESS = ("explore", "superlink", "node", "federate")
OTHER = ("", "text", "toml", "csv", "{toctree}", "{eval-rst}", "{options}")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@contextmanager
def small() -> Iterator[None]:
    """What a document registers is gone afterwards; published data is small."""
    with pytest.MonkeyPatch.context() as patch:
        for registry in REGISTRIES:
            registry.names()
            patch.setattr(registry, "_components", dict(registry._components))
        for published in ("ml-100k", "ml-1m"):
            patch.setitem(DATASETS._components, published, Small)
        yield


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files and the runs that documents speak of."""
    folder = tmp_path_factory.mktemp("desk")
    documents.furnish(folder)
    with small():
        for run, seed in (("mine", 1), ("again", 2)):
            package.fit("ml-100k", out=folder / "runs" / run, seed=seed, rounds=20, progress=False)
    shutil.copytree(folder / "runs" / "mine", folder / "runs" / "ml-100k-mf-fedras-1")  # by default
    return folder


@pytest.fixture
def desk(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Change to a folder like it, in which published data is small."""
    folder = tmp_path / "desk"
    shutil.copytree(furnished, folder)
    monkeypatch.chdir(folder)
    with small():
        yield folder


def run(block: Block, fedras: Fedras, scope: dict[str, object], where: str) -> None:
    if block.language == "python":
        exec(compile(block.text, where, "exec"), scope)  # noqa: S102 -- it is ours
        return
    for command in documents.commands(block.text):
        arguments = documents.own(command)
        if arguments is None:
            documents.in_shell(command)
            continue
        assert arguments[0] not in ENDLESS, f"{where}: {command} needs <!-- not run: WHY -->"
        done = fedras(*arguments, *block.added)
        assert done.status == 0, f"{where}: {command}\n{done.out}{done.err}"


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d)], ids=name)
def test_blocks_run_in_order(document: Path, fedras: Fedras, desk: Path) -> None:
    found = blocks(document)
    for made in re.findall(r"--out (runs/\w+)", document.read_text("utf-8")):
        shutil.rmtree(desk / made, ignore_errors=True)
    scope = {"__name__": "__main__", **documents.variables()}
    for block in found:
        where = f"{name(document)}:{block.line}"
        if block.language in TRIED and not block.not_run:
            run(block, fedras, scope, where)
        else:
            assert block.not_run or block.language.split(" ")[0] in OTHER, where


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name)
def test_notebooks_run(notebook: Path) -> None:
    scope = {"__name__": "__main__"}
    for cell in documents.cells(notebook):
        exec(compile(cell, notebook.name, "exec"), scope)  # noqa: S102 -- it is ours


def said(document: Path) -> Iterator[list[str]]:
    """Yield the arguments of each command of fedras in a document, placeholders included."""
    whole = [block.text for block in blocks(document) if block.language == "sh"]
    for text in whole + documents.inline(document):
        if re.search(r"\bfedras ", text):
            for command in documents.commands(text):
                words = shlex.split(command, comments=True)
                for at, word in enumerate(words):
                    if word == "fedras" and (not at or words[at - 1] in ("&&", "-m", "superlink")):
                        rest = words[at + 1 :]
                        stop = [n for n, each in enumerate(rest) if each in ("&&", "--", "|")]
                        yield rest[: stop[0]] if stop else rest


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if d.name != "CHANGELOG.md"], ids=name)
def test_commands_and_options_exist(document: Path) -> None:
    """Also those that are not run, and those in the middle of a sentence."""
    for words in said(document):
        command: click.Command = typer.main.get_command(app)
        for word in words:
            if isinstance(command, click.Group) and not word.startswith("-"):
                assert word in command.commands, words
                command = command.commands[word]
        options = {option for given in command.params for option in given.opts} | {"--help"}
        used = {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)}
        assert used <= options | {"--install-completion", "--version"}, words


def test_what_is_not_run_says_why() -> None:
    whys = [(name(d), b.not_run) for d in DOCUMENTS for b in blocks(d) if b.not_run]
    assert all(len(why) > 10 for _, why in whys)
