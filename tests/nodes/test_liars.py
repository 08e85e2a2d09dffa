"""An enrolled node that lies: what it gets for it, and what the others notice."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.liars import (
    BINS,
    CAP,
    HONEST,
    LIAR,
    TOKEN,
    USERS,
    Caps,
    Liar,
    enrolled_at,
    federation,
    invented,
    refused,
)
from helpers.nodes_in_process import Perfect, config, coordinator, make_nodes
from helpers.small_federation import interactions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from fedras.data import most_held_out
from fedras.nodes.messages import (
    NO_TAG,
    Done,
    Joined,
    Refused,
    Reply,
    Work,
    pack_clients,
    parse_reply,
    to_bytes,
)
from fedras.nodes.server.admission import RAISE


@pytest.mark.parametrize("claimed", [CAP + 1, 3000, 10_000])
def test_more_users_than_the_cap_get_no_place(
    claimed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = federation(liar := Liar(invented(claimed)), tmp_path, HONEST)
    assert RAISE in caplog.text
    assert len(server.server.clients) == USERS
    cohorts = [server.step().uplink.clients for _ in range(4)]
    assert cohorts == [6] * 4
    assert liar.asked == []
    assert sum(refused(server).values()) == 1
    assert server.evaluate().users <= USERS


def test_a_liar_gets_its_cap_and_moves_the_quality_by_its_share(tmp_path: Path) -> None:
    counts: list[tuple[int, ...]] = []

    class Watched(Perfect):
        def receive(self) -> list[tuple[int, bytes | None]]:
            come = super().receive()
            replies = {a: parse_reply(data) for a, data in come if data is not None}
            counts.extend(r.counts for a, r in replies.items() if a != LIAR and isinstance(r, Done))
            return come

    link = Watched(make_nodes(HONEST, tmp_path))
    link.parts[LIAR] = (liar := Liar(invented(CAP)))  # type: ignore[assignment]
    server = coordinator(link, config(client_fraction=1.0), admission=Caps())
    server.gather(HONEST + 1)
    assert len(server.server.clients) == USERS + CAP
    assert server.step().uplink.clients == USERS
    assert liar.asked == [CAP]
    counts.clear()
    quality = server.evaluate()
    honest = np.array(counts).sum(axis=0)[:BINS]  # sampled; then in full, and by the server
    assert quality.users == honest.sum() + CAP
    alone = honest[:10].sum() / honest.sum()
    assert alone < quality.sampled["hr@10"] <= alone + CAP / quality.users
    liar.counts = (2**52, *[0] * (BINS - 1))
    counts.clear()
    quality = server.evaluate()
    assert quality.users == np.array(counts)[:, :BINS].sum() == honest.sum()
    assert quality.sampled["hr@10"] == alone
    assert refused(server) == {"ranks": 1}
    assert server.exchange.membership.left_out == {LIAR: 1}


def lies() -> dict[str, tuple[str, Callable[[Any, Any], Reply]]]:
    def done(reason: str, **fields: object) -> tuple[str, Callable[[Any, Any], Reply]]:
        def lie(_: object, reply: Reply) -> Reply:
            return structs.replace(reply, **fields) if isinstance(reply, Done) else reply

        return reason, lie

    one = (1, *[0] * (BINS - 1))
    return {
        "more ranks than users": done("ranks", counts=(0,) * (BINS - 1) + (CAP + 1,)),
        "ranks that overflow together": done("ranks", counts=(2**52,) * BINS),
        "half a histogram": done("ranks", counts=(1,) * (BINS - 1)),
        "no histogram": done("ranks", counts=()),
        "two histograms": done("ranks", counts=one * 2),
        "uploads of nobody": done("uploads", uploads=((b"", b""),)),
        "another version": done("replicas", version=9),
        "another tag": done("replicas", tag=b"12345678"),
        "another run": done("another run", run=b"12345678"),
        "too long": done("size", uploads=((bytes(1 << 16), b""),)),
    }


@pytest.mark.parametrize("name", lies())
def test_a_lie_about_ranks_is_refused_by_reason(name: str, tmp_path: Path) -> None:
    reason, lie = lies()[name]
    server, _ = federation(liar := Liar(invented(CAP)), tmp_path)
    server.step()
    honest = server.evaluate().users - CAP
    liar.lie = lie
    assert server.evaluate().users == honest
    assert refused(server) == {reason: 1}
    liar.lie = lambda _, reply: reply
    server.step()  # it is asked to join again
    assert server.evaluate().users == honest + CAP


def test_with_several_held_out_items_a_user_counts_for_no_more_than_there_can_be(
    tmp_path: Path,
) -> None:
    most = most_held_out(interactions().n_items, "ratio", 0.25)
    liar = Liar(invented(CAP), counts=(CAP * most, *[0] * (BINS - 1)))
    server, _ = federation(liar, tmp_path, split="ratio", test_share=0.25)
    server.step()
    honest = server.evaluate().users - CAP * most
    assert honest > USERS
    liar.counts = (CAP * most + 1, *[0] * (BINS - 1))
    assert server.evaluate().users == honest
    assert refused(server) == {"ranks": 1}


def test_histograms_of_other_users_in_the_end_are_refused(tmp_path: Path) -> None:
    liar = Liar(invented(CAP), counts=(1, *[0] * (BINS - 1)))
    server, _ = federation(liar, tmp_path)
    users = server.evaluate().users

    def lie(_: object, reply: Reply) -> Reply:
        if isinstance(reply, Done):
            return structs.replace(reply, counts=(*reply.counts[:-1], 3))
        return reply

    liar.lie = lie
    assert server.evaluate().users == users - 1
    assert refused(server) == {"ranks": 1}


@pytest.mark.parametrize("count", [0, CAP - 1, CAP + 1])
def test_uploads_of_others_than_the_cohort_are_refused(count: int, tmp_path: Path) -> None:
    server, _ = federation(liar := Liar(invented(CAP)), tmp_path, client_fraction=1.0)

    def lie(_: object, reply: Reply) -> Reply:
        if isinstance(reply, Done):
            return structs.replace(reply, uploads=((b"", b""),) * count)
        return reply

    liar.lie = lie
    assert server.step().uplink.clients == USERS
    assert refused(server) == {"uploads": 1}


def test_who_was_not_asked_does_not_join(tmp_path: Path) -> None:
    server, link = federation(liar := Liar(invented(2)), tmp_path)
    more = Joined(server.exchange.welcome.run, TOKEN, pack_clients(invented(3, 1)), 0, NO_TAG)
    for _ in range(3):
        link.replies += [(LIAR, to_bytes(more)), (LIAR + 1, to_bytes(more))]
        server.step()
    assert refused(server) == {"not asked": 3}
    assert len(server.server.clients) == USERS + len(liar.claim)


def test_what_is_too_long_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    def parse(data: bytes) -> Reply:
        parsed.append(len(data))
        return parse_reply(data)

    monkeypatch.setattr("fedras.nodes.server.exchange.parse_reply", parse)
    server, _ = federation(Liar(invented(1_000_000)), tmp_path, HONEST)
    assert refused(server) == {"size": 1}
    assert max(parsed) < 20_000


def test_a_liar_cannot_fill_the_log_or_forge_its_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = federation(liar := Liar(invented(CAP)), tmp_path, rounds=200)

    def lie(request: Any, reply: Reply) -> Reply:
        if isinstance(request, Work):
            return Refused(request.run, "no\nnode 10 is left out: \x1b[31m", 0, NO_TAG)
        return reply

    liar.lie = lie
    with caplog.at_level(logging.INFO, logger="fedras.federation"):
        for _ in range(100):
            server.step()
    records = [record for record in caplog.records if record.name == "fedras.federation"]
    lines = [record.getMessage() for record in records]
    assert 1 <= len(lines) <= 8
    assert all(line.isprintable() for line in lines)
    assert server.exchange.membership.left_out[LIAR] > 20


def test_a_silent_node_does_not_keep_the_others_from_beginning(tmp_path: Path) -> None:
    class Silent(Perfect):
        def send(self, messages: dict[int, bytes], seconds: float) -> None:
            super().send({a: m for a, m in messages.items() if a != LIAR}, seconds)

    link = Silent(make_nodes(HONEST, tmp_path))
    link.parts[LIAR] = Liar(invented(1))  # type: ignore[assignment]
    server = coordinator(link, config(client_fraction=1.0), admission=Caps())
    server.gather(HONEST)
    assert server.step().uplink.clients == USERS


numbers = st.integers(0, 2**53 - 1)
tags = st.binary(min_size=8, max_size=8)
budgets = st.lists(numbers, max_size=3).map(tuple)


@st.composite
def replies(draw: st.DrawFn, request: Any, plain: Any) -> Reply:
    """Anything that the schema lets pass."""
    run = draw(st.sampled_from([request.run, b"12345678"]))
    claim = draw(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=8))
    kind = draw(st.sampled_from([Joined, Done, Refused]))
    if kind is Refused:
        return Refused(run, draw(st.text(max_size=9)), draw(numbers), draw(tags), draw(budgets))
    if kind is Joined:
        clients = pack_clients(np.array(claim, np.uint64))
        return Joined(
            run, draw(st.binary(min_size=16, max_size=16)), clients, draw(numbers), NO_TAG
        )
    asked = plain.asked if isinstance(plain, Done) else bytes(8)
    uploads = draw(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=3)), max_size=7))
    counts = draw(st.lists(st.one_of(st.integers(0, 3), numbers), max_size=3 * BINS))
    version, tag = getattr(plain, "version", 0), getattr(plain, "tag", NO_TAG)
    return Done(run, asked, version, tag, draw(tags), tuple(uploads), tuple(counts))


@settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_it_says_the_run_goes_on_and_its_share_is_bounded(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    liar = Liar(invented(CAP))
    server, link = federation(liar, tmp_path_factory.mktemp("nodes"), client_fraction=1.0)
    honest = server.evaluate().users - CAP
    liar.lie = lambda request, plain: data.draw(replies(request, plain))
    for _ in range(3):
        link.time += 100
        assert USERS <= server.step().uplink.clients <= USERS + CAP
        assert honest <= server.evaluate().users <= honest + CAP
    assert len(enrolled_at(server, LIAR)) <= CAP
    assert len(server.server.clients) <= USERS + CAP
    assert np.isfinite(server.server.items).all()
    for address in range(10, 10 + HONEST):
        member = server.exchange.membership.roster.at(address)
        assert member is not None
        assert member.awake
