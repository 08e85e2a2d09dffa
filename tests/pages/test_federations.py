"""Reports and comparisons of federations of nodes, of what nodes keep, and of tables that moved."""

import json
from pathlib import Path

import pytest
from helpers.nodes_in_process import PATIENCE, Perfect, config, make_nodes
from helpers.small_federation import HETEROGENEOUS, interactions
from helpers.small_runs import Fedras

from fedras.nodes.catalogue import Catalogue
from fedras.nodes.server.run import open_run
from fedras.pages import curves
from fedras.pages.kept import read_runs


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with its nodes in it, as ``fedras federate`` leaves it."""
    folder = tmp_path_factory.mktemp("federation") / "run"
    given, catalogue = config(eval_every=2, **HETEROGENEOUS), Catalogue.of(interactions())
    nodes = make_nodes(2, folder.parent / "nodes")
    run = open_run(folder, given, catalogue, Perfect(nodes), PATIENCE)
    run.federation.gather(2)
    for _ in run.rounds():
        pass
    (folder.parent / "nodes").rename(folder / "nodes")
    return folder


def test_a_federation_is_compared_without_tests(fedras: Fedras, federation: Path) -> None:
    done = fedras("compare", federation, "--json")
    found = json.loads(done.out)
    assert found["rows"][0]["ndcg@10"] > 0
    assert found["rows"][0]["low"] is None
    (note,) = found["notes"]
    assert "run is without interval and test" in note
    assert "is of nodes, which alone hold what their users have" in note


def test_its_report_has_what_is_known(fedras: Fedras, federation: Path, tmp_path: Path) -> None:
    assert fedras("report", federation, "--out", tmp_path / "report.html").status == 0
    (run,) = read_runs([federation])
    assert {row["phase"] for row in curves.phases([run])} >= {"clients are waited for"}
    assert curves.tiers(run, "bytes")
    assert not curves.tiers(run, "ndcg@10")
    text = (tmp_path / "report.html").read_text()
    assert "Clients of different means" in text
    assert 'id="tiers_0_bytes"' in text
    assert 'id="tiers_0_ndcg@10"' not in text


@pytest.mark.parametrize("asked", [["evaluate"], ["recommend", "--user", "u01"]])
def test_it_is_not_asked_what_only_nodes_know(
    asked: list[str], fedras: Fedras, federation: Path
) -> None:
    done = fedras(*asked, federation)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "such as fedras recommend --node DIR" in done.err


@pytest.mark.parametrize("command", ["compare", "report"])
def test_a_folder_without_a_run_says_where_one_is(
    command: str, fedras: Fedras, federation: Path, tmp_path: Path
) -> None:
    kept = federation / "nodes" / "node-0"
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "checkpoint.npz").write_bytes((kept / "checkpoint.npz").read_bytes())
    for folder, said in (
        (kept, f"what a node of {federation} keeps: name that folder"),
        (federation / "nodes", f"it is a part of {federation}, name that"),
        (tmp_path / "node", "what a node keeps: the folder of the run is the server's"),
        (federation.parent, f"there are some in it, such as {federation}"),
    ):
        done = fedras(command, folder)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert done.err.startswith(f"fedras: error: {folder} holds no run")
        assert said in done.err


def test_a_table_that_moved_is_named(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = Path("own.csv")
    rows = [f"u{user},i{(3 * user + item) % 11}" for user in range(9) for item in range(5)]
    table.write_text("\n".join(["who,what", *rows]))
    names = "--columns", "user=who,item=what"
    assert fedras("train", table, *names, "--rounds", 1, "--out", "run", "--quiet").status == 0
    table.rename("moved.csv")
    lost = fedras("compare", "run", "--json")
    assert "--dataset NEWPATH" in lost.err + lost.out
    found = json.loads(fedras("compare", "run", "--json", "--dataset", "moved.csv", *names).out)
    assert found["notes"] == []
    (low,) = [row["low"] for row in found["rows"] if row["run"] == "run"]
    assert low is not None
    done = fedras("report", "run", "--dataset", "moved.csv", "--out", "report.md")
    assert done.status == 0
    assert "interval" in Path("report.md").read_text()
