"""Where the tests find real data: FEDRAS_DATA, or for MovieLens 100K the package index."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.published import Real

from fedras.data.sets.ml_100k import MovieLens100K
from fedras.data.sources import Sources
from fedras.errors import DataError

# Read before any test isolates itself from the environment.
_GIVEN = os.environ.get("FEDRAS_DATA")


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees this machine's data or cache unless it asks for them."""
    monkeypatch.delenv("FEDRAS_DATA", raising=False)
    monkeypatch.setenv("FEDRAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="session")
def ml_100k_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has ml-100k: the given one, or fetched as a user would get it."""
    if _GIVEN and (Path(_GIVEN) / "ml-100k" / "u.data").is_file():
        return Path(_GIVEN)
    cache = tmp_path_factory.mktemp("cache")
    without_publisher = replace(MovieLens100K.published, url="http://127.0.0.1:1/ml-100k.zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDRAS_CACHE", str(cache))
        patch.setenv("NO_PROXY", "127.0.0.1")
        try:
            Sources().fetch(without_publisher)
        except DataError as error:
            pytest.skip(f"ml-100k is not here and cannot be fetched: {error}")
    return cache


@pytest.fixture
def real(request: pytest.FixtureRequest) -> Real:
    """Return a function from a data set's folder name to a data directory that has it."""

    def data_dir(folder: str) -> Path:
        if folder == "ml-100k":
            fetched: Path = request.getfixturevalue("ml_100k_dir")
            return fetched
        if not _GIVEN or not (Path(_GIVEN) / folder).is_dir():
            pytest.skip(f"set FEDRAS_DATA to a folder with {folder}/ to run this test")
        return Path(_GIVEN)

    return data_dir
