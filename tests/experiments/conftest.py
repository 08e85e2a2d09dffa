"""Experiments in a folder of their own, done where they are called."""

from pathlib import Path

import pytest
from helpers.small_experiments import FIGURE, GRID, HEAD, TABLE, Inline

from fedras.experiments import experiment, reproduction


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
