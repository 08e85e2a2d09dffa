"""What all tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.small_experiments import FIGURE, GRID, HEAD, TABLE, Inline
from helpers.small_runs import ROUNDS, SMALL, Answer, Fedras
from hypothesis import settings

from fedras.cli import main
from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.experiments import experiment, reproduction
from fedras.run.training import train

# How long an example takes says nothing on a machine that does other things, too.
settings.register_profile("fedras", deadline=None)
settings.load_profile("fedras")


@pytest.fixture(autouse=True)
def _all_threads() -> Iterator[None]:
    """A test that sets the number of threads does so for itself only."""
    yield
    set_threads(None)


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_interrupts() -> None:
    """Undo what a shell does to background jobs: in them, and their children, Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fedras(capsys: pytest.CaptureFixture[str]) -> Fedras:
    """Return a function that runs a command in this process."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Answer(stop.value.code, out, err)

    return run


@pytest.fixture(scope="session")
def small() -> Config:
    return Config.model_validate(SMALL)


@pytest.fixture(scope="session")
def finished(small: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    assert len(list(train(small, folder))) == ROUNDS
    return folder


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> type[Inline]:
    """Let reproductions do their runs in this process, and count them."""
    monkeypatch.setattr(reproduction, "Workers", Inline)
    monkeypatch.setattr(Inline, "done", 0)
    monkeypatch.setattr(Inline, "limit", 10_000)
    return Inline


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of experiments in place of the package's, with one that is called ``small``."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    (folder / "small.toml").write_text(HEAD + GRID + TABLE + FIGURE)
    monkeypatch.setattr(experiment, "_FOLDER", folder)
    return folder


@pytest.fixture
def run(fedras: Fedras, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a function that reproduces ``small`` in few rounds."""
    for name in ("shelf", "inline"):
        request.getfixturevalue(name)

    def reproduce(*arguments: object, out: Path = tmp_path / "results", name: str = "small") -> Any:
        return fedras("reproduce", name, "--rounds", 3, "--out", out, *arguments)

    return reproduce
