"""What all tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.small_runs import ROUNDS, SMALL, Answer, Fedras
from hypothesis import settings

from fedras.cli import main
from fedras.config import Config
from fedras.kernels.jit import set_threads
from fedras.run.training import train

# The first call of a kernel compiles it, so how long an example takes says nothing.
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
