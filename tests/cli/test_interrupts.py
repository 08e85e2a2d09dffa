"""Ctrl-C before anything is done: one line, status 130, and nothing is left behind."""

from pathlib import Path

import pytest
from helpers.small_runs import ARGUMENTS, start

_PATIENCE = 60.0  # seconds
_IMPORT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
_LOADING = """
import os, signal
from fedras.data.sets.synthetic import Synthetic
Synthetic.load = lambda *_: os.kill(os.getpid(), signal.SIGINT)
"""
_PARSING = """
import os, signal
import typer
def get_command(app):
    os.kill(os.getpid(), signal.SIGINT)
typer.main.get_command = get_command
"""


@pytest.mark.parametrize(
    "name", ["typer", "pydantic", "rich", "numpy", "fedras.core", "fedras.run"]
)
def test_while_modules_are_imported(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    given = [*ARGUMENTS, "--out", folder]
    process = start("train", *given, code=_IMPORT.format(name=name))
    out, err = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, out, err) == (130, "", "fedras: stopped\n")
    assert not folder.exists()


def test_while_the_command_line_is_read() -> None:
    process = start("methods", code=_PARSING)
    out, err = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, out, err) == (130, "", "fedras: stopped\n")


@pytest.mark.parametrize(
    ("command", "message"),
    [("train", "stopped before the first round"), ("data info", "stopped")],
    ids=["train", "info"],
)
def test_while_data_is_loaded(command: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    given = [*ARGUMENTS, "--out", folder] if command == "train" else ["synthetic"]
    process = start(*command.split(), *given, code=_LOADING)
    out, err = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, out, err) == (130, "", f"fedras: {message}\n")
    assert not folder.exists()
