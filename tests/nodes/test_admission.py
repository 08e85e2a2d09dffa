"""The operator's list of nodes, and what holds where there is none."""

from pathlib import Path

import numpy as np
import pytest
from helpers.nodes_in_process import PATIENCE, Perfect, config, coordinator, make_nodes
from helpers.small_federation import interactions

from fedras.errors import FedrasError, UsageError
from fedras.federation.state import State
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.server.admission import USERS, Admission, Terms
from fedras.nodes.server.roster import Member, Roster
from fedras.nodes.server.run import open_run


def listed(folder: Path, text: str) -> Admission:
    path = folder / "nodes.csv"
    path.write_text(text)
    return Admission(users=7, path=path)


def test_a_list_says_who_may_enrol_how_many(tmp_path: Path) -> None:
    text = "node,users,former\n18446744073709551615,30,\n2,,\n3,0,4 5\n"
    found = listed(tmp_path, text).terms()
    assert found == {2**64 - 1: Terms(30), 2: Terms(7), 3: Terms(0, (4, 5))}
    assert listed(tmp_path, "node,users\n1, 5\n").terms() == {1: Terms(5)}
    assert Admission().terms() is None
    assert Admission().users == USERS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected the columns node,users"),
        ("node\n1\n", "expected the columns node,users"),
        ("node,users,name\n1,2,a\n", "expected the columns node,users"),
        ("node,users\n1\n", ":2: expected node,users"),
        ("node,users\n1,2,3\n", ":2: expected node,users"),
        ("node,users\n-1,2\n", ":2: '-1' is no number"),
        ("node,users\n1,2.0\n", ":2: '2.0' is no number"),
        ("node,users\n1,nan\n", ":2: 'nan' is no number"),
        ("node,users\n\u0661,2\n", "is no number"),
        ("node,users\n,2\n", ":2: '' is no number"),
        (f"node,users\n{'9' * 5000},2\n", "is no number"),
        ("node,users\n1,2\n1,2\n", ":3: the number of a node is there twice"),
        ("node,users,former\n1,2,1\n", ":2: the number of a node is there twice"),
        ("node,users,former\n1,2,3\n2,2,3\n", ":3: the number of a node is there twice"),
        ("node,users,former\n1,2,2\n2,2,\n", ":3: the number of a node is there twice"),
        ("node,users,former\n1,2,2 x\n", ":2: 'x' is no number"),
    ],
)
def test_what_is_no_list_is_refused_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nodes\.csv") as caught:
        listed(tmp_path, text).terms()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_does_not_begin_with_a_list_that_cannot_be_meant(tmp_path: Path) -> None:
    link, catalogue = Perfect({}), Catalogue.of(interactions())
    bad = listed(tmp_path, "node,users\nx,1\n"), Admission(path=tmp_path / "none.csv")
    for admission in bad:
        with pytest.raises(FedrasError, match=r"\.csv"):
            open_run(tmp_path / "run", config(), catalogue, link, PATIENCE, admission)
        assert not (tmp_path / "run").exists()


def test_who_is_not_in_the_list_is_sent_nothing(tmp_path: Path) -> None:
    class Watched(Perfect):
        def send(self, messages: dict[int, bytes], seconds: float) -> None:
            assert 12 not in messages
            super().send(messages, seconds)

    admission = listed(tmp_path, "node,users\n10,20\n11,20\n")
    server = coordinator(Watched(make_nodes(3, tmp_path)), config(), admission=admission)
    server.gather(2)
    server.step()
    federation = server.described()["federation"]
    assert federation["nodes"] == 2
    assert federation["refused"] == {"not in the list": 1}


def test_the_list_is_read_anew_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    admission = listed(tmp_path, "node,users\n10,20\n")
    link = Perfect(make_nodes(2, tmp_path))
    server = coordinator(link, config(client_fraction=1.0), admission=admission)
    server.gather(1)
    first = len(server.server.clients)
    for text, clients in (("nonsense", first), ("node,users\n10,20\n11,20\n", 24)):
        listed(tmp_path, text)
        link.time += 100
        for _ in range(2):
            server.step()
        assert len(server.server.clients) == clients


def test_without_a_list_a_node_has_a_default_cap(tmp_path: Path) -> None:
    server = coordinator(Perfect(make_nodes(1, tmp_path)), config(), admission=Admission(users=23))
    with pytest.raises(FedrasError, match="0 of 1 nodes joined"):
        server.gather(1)
    assert set(server.described()["federation"]["refused"]) == {"too many users"}


@pytest.mark.parametrize("damage", ["count", "twice", "token", "missing"])
def test_a_roster_of_something_else_is_refused(damage: str) -> None:
    roster = Roster([Member(n, bytes([n] * 16), np.array([n, n + 9], np.uint64)) for n in (1, 2)])
    arrays, values = roster.state()
    assert Roster.restored(State(arrays, values), known_by_token=False).state().values == values
    first = values["members"][0]
    if damage == "count":
        first["enrolled"] = 1
    elif damage == "token":
        first["token"] = first["token"][:2]
    elif damage == "twice":
        arrays = {"enrolled": np.array([1, 10, 1, 11], np.uint64)}
    else:
        del first["address"]
    with pytest.raises((LookupError, ValueError)):
        Roster.restored(State(arrays, values), known_by_token=False)
