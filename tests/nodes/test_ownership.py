"""Whose users are whose, whoever claims them."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.liars import (
    CAP,
    HONEST,
    LIAR,
    USERS,
    Caps,
    Liar,
    enrolled_at,
    federation,
    invented,
    refused,
)
from helpers.nodes_in_process import Perfect, config, coordinator, make_nodes
from helpers.small_federation import simulation

from fedras.nodes.node.memory import remember


def test_users_stay_with_the_node_that_enrolled_them_also_while_it_is_away(tmp_path: Path) -> None:
    server, link = federation(liar := Liar(invented(1)), tmp_path, client_fraction=1.0)
    server.step()
    away = link.parts.pop(10)
    owned = server.exchange.membership.roster.at(10)
    assert owned is not None
    liar.claim = owned.enrolled[:CAP]
    server.step()  # the liar says that its users are others
    server.step()  # and is asked who
    assert refused(server) == {"users of another node": 1}
    again = coordinator(link, server.given, admission=Caps())
    again.restore(server.state())
    again.gather(HONEST)
    liar.asked.clear()
    assert again.step().uplink.clients == USERS - len(owned.enrolled)
    assert sum(liar.asked) == 0
    link.parts[10] = away
    again.gather(HONEST + 1)
    assert again.step().uplink.clients == USERS
    assert len(again.server.clients) == USERS + 1


def test_a_token_takes_nobodys_place(tmp_path: Path) -> None:
    server, link = federation(liar := Liar(invented(1)), tmp_path, client_fraction=1.0)
    away = link.parts.pop(10)
    liar.token, liar.claim = remember(away.folder).token, invented(2, seed=1)
    server.step()
    server.step()
    assert refused(server) == {"token of another node": 1}
    again = coordinator(link, server.given, admission=Caps())
    again.restore(server.state())
    link.parts[50] = away  # the true one, with another key
    again.gather(2)
    assert refused(again) == {"token of another node": 3}
    assert again.step().uplink.clients == USERS - len(enrolled_at(again, 10))


@pytest.mark.parametrize("joined_before", [False, True])
@pytest.mark.parametrize("folder_is_lost", [False, True])
def test_the_operator_says_which_node_has_another_key(
    joined_before: bool, folder_is_lost: bool, tmp_path: Path
) -> None:
    server, link = federation(Liar(invented(1)), tmp_path, client_fraction=1.0)
    node = link.parts.pop(10)
    link.parts[50] = node
    if folder_is_lost:
        node.folder = tmp_path / "another"
    if joined_before:
        server.step()
        server.step()
    server.exchange.membership.admission = Caps(former={50: (40, 10)})
    link.time += 100
    server.gather(HONEST + 1)
    for _ in range(2):
        link.time += 100
        result = server.step()
    assert result.uplink.clients == USERS
    assert server.exchange.membership.roster.at(10) is None
    assert len(server.server.clients) == USERS + 1


def test_where_all_addresses_are_new_a_token_is_good_for_one_join(tmp_path: Path) -> None:
    server, link = federation(Liar(invented(1)), tmp_path, client_fraction=1.0)
    server.step()
    del link.parts[LIAR]
    link.parts = {address + 20: node for address, node in link.parts.items()}
    again = coordinator(link, server.given, admission=replace(Caps(), known_by_token=True))
    again.restore(server.state())
    again.gather(HONEST)
    assert again.step().uplink.clients == USERS
    link.parts[LIAR] = Liar(  # type: ignore[assignment]
        enrolled_at(again, 30)[:2], remember(link.parts[30].folder).token
    )
    again.gather(HONEST)
    again.step()
    assert refused(again) == {"token of another node": 1}
    once_more = coordinator(link, server.given, admission=replace(Caps(), known_by_token=True))
    once_more.restore(again.state())  # the liar's own member has not come back
    assert len(once_more.exchange.membership.roster.owners) == USERS + 1


def test_users_that_come_and_go_count_for_good(tmp_path: Path) -> None:
    server, link = federation(liar := Liar(invented(2)), tmp_path, client_fraction=1.0)
    for seed in range(1, 9):
        liar.claim = invented(2, seed)
        link.time += 100
        server.step()
    assert len(server.server.clients) == USERS + 4
    assert refused(server)["too many users"] >= 3
    assert len(server.server.stream_of) == len(server.server.trust) == USERS + 4


def test_two_nodes_with_one_user_rank_it_once(tmp_path: Path) -> None:
    """Without any lie: the same id in two places."""
    nodes = make_nodes(2, tmp_path)
    first = (tmp_path / "node-0" / "interactions.csv").read_text().splitlines()
    own = [row for row in first[1:] if row.split(",")[0] == first[-1].split(",")[0]]
    with (tmp_path / "node-1" / "interactions.csv").open("a") as file:
        file.writelines(f"{row}\n" for row in own)
    server = coordinator(Perfect(nodes), config(client_fraction=1.0))
    server.gather(2)
    assert len(server.server.clients) == USERS
    assert server.step().uplink.clients == USERS
    evaluated = len(simulation().evaluation.users)
    assert server.evaluate().users == evaluated
    assert refused(server) == {"users of another node": 1}
    assert server.exchange.membership.left_out == {}
