"""What the commands say that ask a trained federation, and the files they write."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.nodes_in_process import Perfect, config, coordinator, make_nodes
from helpers.small_federation import interactions
from helpers.small_runs import Fedras
from pyarrow import parquet

from fedras.api import load
from fedras.nodes.node.offline import load_node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a node whose catalogue has titles."""
    folder = tmp_path_factory.mktemp("nodes")
    titles = np.array([f"Film {number}, The" for number in range(50)])
    nodes = make_nodes(1, folder, replace(interactions(), titles=titles))
    server = coordinator(Perfect(nodes), config())
    server.gather(1)
    for _ in range(3):
        server.step()
    return folder / "node-0"


def test_several_users_and_their_history(fedras: Fedras, finished: Path) -> None:
    asked = ["recommend", finished, "--user", "3", "--user", "7", "-k", "2"]
    model = load(finished)
    shown = fedras(*asked).out.splitlines()
    assert [line for line in shown if line.startswith("user")] == ["user 3", "user 7"]
    found = json.loads(fedras(*asked, "--history", "--json").out)
    assert [answer["user"] for answer in found] == ["3", "7"]
    assert found[1]["history"] == [item._asdict() for item in model.items_of("7", 2)]
    assert found[1]["recommendations"] == [item._asdict() for item in model.recommend("7", 2)]


def test_history_stands_beside_with_titles(fedras: Fedras, node: Path) -> None:
    user = load_node(node).users[0]
    table = fedras("recommend", "--node", node, "--user", "u01", "--history", "-k", 2).out
    model = load_node(node)
    first = table.splitlines()[1]
    titles = [str(found.title) for found in (model.recommend("u01")[0], model.items_of("u01")[0])]
    assert first.index(titles[0]) < first.rindex(titles[1])
    everything = fedras("recommend", "--node", node, "--user", user, "--history", "-k", 3).out
    assert len(everything.splitlines()) == 4  # u00 has all items: nothing is left to recommend


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("history", [False, True])
def test_all_users_to_a_file(
    ending: str, history: bool, fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"all.{ending}"
    rows: list[dict[str, Any]]
    given = ["--history"] if history else []
    done = fedras("recommend", finished, "--all", "-k", 3, "--out", path, *given)
    assert done == (0, "", f"fedras: wrote {path}\n")
    if ending == "csv":
        with path.open(newline="") as file:
            rows = [{n: v or None for n, v in row.items()} for row in csv.DictReader(file)]
        rows = [
            row | {"rank": int(row["rank"] or 0), "score": row["score"] and float(row["score"])}
            for row in rows
        ]
    elif ending == "jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    else:
        rows = parquet.read_table(path).to_pylist()
    model = load(finished)
    expected: list[tuple[Any, ...]] = []
    for user, found in model.recommend(model.users, 3).items():
        expected += [("recommended", user, r, *f) for r, f in enumerate(found, 1)]
        if history:
            had = model.items_of(user, 3)
            expected += [("history", user, r, *item, None) for r, item in enumerate(had, 1)]
    names = ("list", "user", "rank", "item", "title", "score")
    wanted = [dict(zip(names, row, strict=True)) for row in expected]
    if not history:
        wanted = [{n: v for n, v in row.items() if n != "list"} for row in wanted]
    assert rows == wanted


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.txt", "7\n\n 3 \n7\n"),
        ("ids.csv", "age,user_id\n20,7\n30,3\n"),
        ("ids.tsv", "\ufeffUserId\tname\n7\t\n3\tx\n"),
        ("bare.csv", "user\n7\n3\n"),
    ],
)
def test_users_from_a_file(
    name: str, text: str, fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    done = fedras("recommend", finished, "--users", tmp_path / name, "--json", "-k", 1)
    assert [answer["user"] for answer in json.loads(done.out)] == ["7", "3"]


def test_users_from_parquet(fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    parquet.write_table(pa.table({"age": [1, 2], "user": [7, 3]}), tmp_path / "ids.parquet")
    done = fedras("recommend", finished, "--users", tmp_path / "ids.parquet", "--json", "-k", 1)
    assert [answer["user"] for answer in json.loads(done.out)] == ["7", "3"]


def test_a_new_user(fedras: Fedras, node: Path, tmp_path: Path) -> None:
    expected = [found._asdict() for found in load_node(node).fold_in(["7", "12"], 3)]
    (tmp_path / "liked.txt").write_text("12\nfilm 7, the\n")
    for items in ("7, 12", "12,7,", tmp_path / "liked.txt"):
        done = fedras("recommend", "--node", node, "--items", items, "--json", "-k", 3)
        assert json.loads(done.out) == expected
    table = fedras("recommend", "--node", node, "--items", "7,12", "-k", 3).out.splitlines()
    assert [line.split()[1] for line in table[1:]] == [found["item"] for found in expected]


def test_similar_items(fedras: Fedras, node: Path) -> None:
    model = load_node(node)
    one = fedras("similar", "--node", node, "--title", "film 7,", "--k", 3, "--json")
    assert json.loads(one.out) == [like._asdict() for like in model.similar("7", 3)]
    both = ["similar", "--node", node, "--item", "9", "--title", "Film 7, The", "-k", 1]
    found = json.loads(fedras(*both, "--json").out)
    assert [item["title"] for item in found] == ["Film 9, The", "Film 7, The"]
    assert found[0]["similar"] == [like._asdict() for like in model.similar("9", 1)]
    shown = fedras(*both).out
    assert "like 9 Film 9, The\n" in shown
    assert str(model.similar("7", 1)[0].title) in shown


def test_export(fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    done = fedras("export", finished, "--out", tmp_path / "items.npz")
    assert done == (0, "", f"fedras: wrote {tmp_path / 'items.npz'}\n")
    done = fedras("export", finished, "--out", tmp_path / "all.safetensors", "--user-vectors")
    assert "holds private vectors" in done.err
    with np.load(tmp_path / "items.npz") as content:
        assert content["item_ids"].tolist() == load(finished).items


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["recommend", "RUN"], 2, "say for whom: one of --user, --users, --all, or --items"),
        (["recommend", "RUN", "--user", "1", "--all"], 2, "say for whom"),
        (["recommend", "RUN", "--all"], 2, "add --out FILE.csv"),
        (["recommend", "RUN", "--all", "--out", "x.doc"], 2, "end with .csv, .jsonl, .parquet"),
        (["recommend", "RUN", "--all", "--out", "."], 2, "end with .csv, .jsonl, .parquet"),
        (["recommend", "RUN", "--all", "--out", "ids.txt/x.csv"], 1, "cannot write ids.txt/x.csv"),
        (["recommend", "RUN", "--user", "x", "--out", "x.csv"], 2, "synthetic has no user 'x'"),
        (["recommend", "RUN", "--user", "1", "-k", "0"], 2, "ask for at least 1"),
        (["recommend", "RUN", "--user", "1", "-k", "9" * 20], 2, "not in the range x<=2147483647"),
        (["recommend", "RUN", "--users", "no.txt"], 1, "no.txt: cannot be read: No such file"),
        (["recommend", "RUN", "--users", "."], 1, "cannot be read: Is a directory"),
        (["recommend", "RUN", "--users", "empty"], 1, "empty: holds no users; give one id a line"),
        (["recommend", "RUN", "--users", "short.csv"], 1, "short.csv: line 2"),
        (["recommend", "RUN", "--users", "binary"], 1, "binary: is not UTF-8 text"),
        (["recommend", "RUN", "--users", "bad.parquet"], 1, "is not a readable Parquet file"),
        (["recommend", "RUN", "--items", ","], 2, "name at least one item of synthetic"),
        (["recommend", "RUN", "--items", "x" * 300], 2, "synthetic has no item 'xxx"),
        (["recommend", "RUN", "--items", "1", "--history"], 2, "a new user has no history"),
        (["similar", "RUN"], 2, "say which item: --item ID or --title"),
        (["similar", "RUN", "--title", "star"], 2, "synthetic has no titles; name each item"),
        (["similar", "RUN", "--item", "x"], 2, "synthetic has no item 'x'"),
        (["similar", "--item", "1"], 2, "give the folder of a run, or that of a node as --node"),
        (["export", "RUN"], 2, "--out"),
        (["export", "RUN", "--out", "folder"], 2, "must end with .npz or .safetensors"),
        (["export", "RUN", "--out", "ids.txt/x.npz"], 1, "cannot write ids.txt/x.npz"),
        (["export", "RUN", "--out", "ids.txt/x.safetensors"], 1, "cannot write ids.txt/x.safe"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_mistakes_are_one_line_and_write_nothing(
    arguments: list[str],
    status: int,
    message: str,
    fedras: Fedras,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ids.txt").write_text("1\n")
    (tmp_path / "empty").write_text("\n\n")
    (tmp_path / "short.csv").write_text("name,user\nA\n")
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    before = sorted(tmp_path.rglob("*"))
    done = fedras(*[finished if part == "RUN" else part for part in arguments])
    assert (done.status, done.out, done.err.count("\n")) == (status, "", 1)
    assert done.err.startswith("fedras: error: ")
    assert message in done.err
    assert sorted(tmp_path.rglob("*")) == before
