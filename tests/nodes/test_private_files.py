"""Nobody but their owner reads what people watch, whatever the umask."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.nodes_in_process import PATIENCE, Perfect, config, make_nodes
from helpers.small_federation import interactions

from fedras.nodes.catalogue import Catalogue
from fedras.nodes.server.run import open_run
from fedras.nodes.split import CATALOGUE, write_nodes


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    former = os.umask(request.param)
    yield request.param
    os.umask(former)


def modes(folder: Path) -> dict[str, int]:
    """Return the modes of all that is in a folder, and its own."""
    found = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in found}


def private(folder: Path) -> dict[str, int]:
    return {name: 0o700 if (folder / name).is_dir() else 0o600 for name in modes(folder)}


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_split_is_for_its_owner_and_the_catalogue_for_all(umask: int, tmp_path: Path) -> None:
    out = tmp_path / "nodes"
    out.mkdir(mode=0o777)
    out.chmod(0o755)
    for _ in range(2):  # also where it was before
        for place in write_nodes(interactions(), 2, out):
            assert len(modes(place)) == 2
            assert modes(place) == private(place)
            place.chmod(0o755)
            (place / "interactions.csv").chmod(0o644)
    assert (out / CATALOGUE).stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_nodes_folder_and_the_servers_are_for_their_owners(tmp_path: Path) -> None:
    nodes = make_nodes(2, tmp_path / "nodes")
    for number, node in enumerate(nodes.values()):
        node.folder = tmp_path / f"state-{number}"
    nodes[11].folder.mkdir()
    nodes[11].folder.chmod(0o755)
    former = os.umask(0)
    try:
        run = open_run(
            tmp_path / "run", config(), Catalogue.of(interactions()), Perfect(nodes), PATIENCE
        )
        run.federation.gather(2)
        list(run.rounds())
    finally:
        os.umask(former)
    for node in nodes.values():
        assert len(modes(node.folder)) == 2
        assert modes(node.folder) == private(node.folder)
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
