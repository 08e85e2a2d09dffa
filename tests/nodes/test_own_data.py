"""What a node makes of its own data, wherever it is."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from helpers.databases import CATALOGUE_OF_THREE, ROWS, fill, histories
from helpers.nodes_in_process import Perfect, config, coordinator
from helpers.small_federation import interactions
from pyarrow import parquet

from fedras.data import client_keys, leave_one_out, load
from fedras.errors import DataError, FedrasError, UsageError
from fedras.nodes.catalogue import Catalogue, read_catalogue
from fedras.nodes.node.node import Node
from fedras.nodes.node.own_data import Source
from fedras.nodes.split import CATALOGUE, DATA, node_of, write_nodes, written_options


def as_csv(folder: Path) -> Source:
    path = folder / "own.csv"
    path.write_text("user,item,timestamp\n" + "".join(f"{u},{i},{t}\n" for u, i, t in ROWS))
    return Source(str(path))


def as_parquet(folder: Path) -> Source:
    columns = dict(zip(("userId", "movieId", "time"), zip(*ROWS, strict=True), strict=True))
    parquet.write_table(pyarrow.table(columns), folder / "own.parquet")
    return Source(str(folder / "own.parquet"))


def as_table(folder: Path) -> Source:
    url = f"sqlite:///{folder / 'own.db'}"
    fill(url)
    return Source(url, "ratings")


@pytest.mark.parametrize("make", [as_csv, as_parquet, as_table])
def test_all_sources_say_the_same(make: object, tmp_path: Path) -> None:
    """Items that the catalogue lacks are ignored, and users who have no other."""
    source = make(tmp_path)  # type: ignore[operator]
    assert histories(source) == ({"u": [2, 1], "v": [0]}, 2)
    again = Source(source.data, source.table, {"keep_repeats": True})
    assert histories(again) == ({"u": [2, 1, 1], "v": [0]}, 2)


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    for source, error, said in (
        (Source(str(tmp_path / "none.csv")), DataError, "no such file"),
        (Source("sqlite:///none.db"), UsageError, "name of a table"),
        (Source(f"sqlite:///{tmp_path / 'empty.db'}", "ratings"), DataError, "ratings"),
        (Source("nonsense://x", "ratings"), DataError, "ratings"),
    ):
        with pytest.raises(error, match=said):
            source.load(CATALOGUE_OF_THREE)


def test_a_split_keeps_every_history(tmp_path: Path) -> None:
    whole = interactions()
    places = write_nodes(whole, 3, tmp_path)
    catalogue = read_catalogue(tmp_path / CATALOGUE)
    assert catalogue == Catalogue.of(whole)
    seen = 0
    for number, place in enumerate(places):
        part, unknown = Source(str(place / DATA)).load(catalogue)
        assert unknown == 0
        assert (client_keys(part.user_ids) % np.uint64(3) == number).all()
        for u, user in enumerate(part.user_ids.tolist()):
            at = whole.user_index(user)
            expected = whole.items[whole.indptr[at] : whole.indptr[at + 1]]
            assert part.items[part.indptr[u] : part.indptr[u + 1]].tolist() == expected.tolist()
            seen += 1
    assert seen == whole.n_users
    assert np.bincount(node_of(whole, 3)).sum() == whole.n_users


def test_too_many_nodes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too few users"):
        write_nodes(interactions(), 500, tmp_path)


@pytest.mark.parametrize("text", ["", "item\na\n", "item,title\n", "item,title\na,A\na,B\n"])
def test_what_is_no_catalogue_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text(text)
    with pytest.raises(FedrasError, match=r"catalogue\.csv"):
        read_catalogue(path)


def test_a_node_takes_any_form(tmp_path: Path) -> None:
    lines = [f'{{"member": "{u}", "sku": "{i}", "ts": {t}}}' for u, i, t in ROWS]
    (tmp_path / "own.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    source = Source(str(tmp_path / "own.jsonl.gz"), options={"where": "ts<5"})
    assert histories(source) == ({"u": [2, 1], "v": [0]}, 2)
    with pytest.raises(UsageError, match="no option 'x'"):
        Source(str(tmp_path / "own.jsonl.gz"), options={"x": 1}).load(CATALOGUE_OF_THREE)
    table = as_table(tmp_path)
    sized = Source(table.data, table.table, {"columns": "user=item_id,item=user_id"})
    with pytest.raises(DataError, match="table ratings: there is no column 'who'"):
        Source(table.data, table.table, {"columns": "user=who"}).load(CATALOGUE_OF_THREE)
    assert sized.load(CATALOGUE_OF_THREE)[1] == 5


def test_a_test_that_is_given_stays_the_test(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("user,item\nu,a\nu,x\nv,b\n")
    (tmp_path / "test.csv").write_text("user,item\nu,b\nu,y\nu,c\nv,y\n")
    source = Source(str(tmp_path / "train.csv"), options={"test": str(tmp_path / "test.csv")})
    found, unknown = source.load(CATALOGUE_OF_THREE)
    assert unknown == 3
    split = leave_one_out(found)
    assert split.items.tolist() == [0, 1]
    assert split.held_out.tolist() == [2, -1]


def test_a_split_keeps_the_test(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("user,item\n1,a\n1,b\n2,b\n3,NULL\n3,a\n")
    (tmp_path / "test.csv").write_text("user,item\n1,c\n1,d\n2,a\n")
    options = {"test": str(tmp_path / "test.csv"), "missing": "keep"}
    whole = load(str(tmp_path / "train.csv"), options=options)
    catalogue = Catalogue.of(whole)
    held: dict[str, int] = {}
    for place in write_nodes(whole, 2, tmp_path / "nodes"):
        part, _ = Source(str(place / DATA), options=written_options(place)).load(catalogue)
        split = leave_one_out(part)
        held |= dict(zip(part.user_ids.tolist(), split.held_out.tolist(), strict=True))
    expected = leave_one_out(whole).held_out.tolist()
    assert held == dict(zip(whole.user_ids.tolist(), expected, strict=True))


def test_a_node_says_what_the_command_line_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each node of a federation, of its own data, in its own form, by its own options."""
    write_nodes(interactions(), 2, tmp_path)
    catalogue, nodes = read_catalogue(tmp_path / CATALOGUE), {}
    items = catalogue.items[:4]
    rows = [("u", items[0], 5), ("u", items[1], 4), ("v", items[0], 3), ("w", "", 2)]
    lines = [f'{{"member": "{u}", "sku": "{i}", "ts": {t}, "qty": 1}}' for u, i, t in rows]
    (tmp_path / "own.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "own.tsv").write_text(f"who\tsku\nx\t{items[2]}\nx\t{items[3]}\nx\tother\n")
    for address, name, options in (
        (1, "own.jsonl.gz", {"missing": "drop"}),
        (2, "own.tsv", {"columns": "user=who,item=sku"}),
    ):
        source = Source(str(tmp_path / name), options=options)
        nodes[address] = Node(tmp_path / f"node-{address}", source, tmp_path / CATALOGUE)
    coordinator(Perfect(nodes), config()).gather(2)
    said = caplog.messages
    for node in nodes.values():
        alone = load(node.source.data, options=node.source.options)
        assert {f"columns: {alone.columns}", *alone.notes} <= set(said)
    assert any("not used: qty" in line for line in said)
    assert "1 rows without a user, an item or a time were dropped" in said
    assert any(line.startswith("1 of 2 users train and are not evaluated") for line in said)
    assert "for 1 of 1 users fewer than 99 items are left to rank the held-out one against" in said
    assert "1 interactions with items that the catalogue lacks" in said
