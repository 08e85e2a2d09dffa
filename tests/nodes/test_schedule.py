"""A federation of nodes decides from the validation item what the simulator does, bit for bit."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.nodes_in_process import PATIENCE, Perfect, config, coordinator, make_nodes
from helpers.small_federation import HETEROGENEOUS, interactions, simulation
from msgspec import structs

from fedras.config import LARGEST
from fedras.errors import PayloadError
from fedras.federation.schedule import joining
from fedras.models.context import OFF, Context
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.link import Link
from fedras.nodes.messages import (
    MOST_CONTEXTS,
    Done,
    News,
    Refused,
    Work,
    parse_reply,
    parse_request,
    to_bytes,
)
from fedras.nodes.node.memory import remember
from fedras.nodes.node.node import Node
from fedras.nodes.node.offline import load_node
from fedras.nodes.server.run import open_run
from fedras.run.folder import RunFolder
from fedras.run.recommender import Recommender
from fedras.run.run import Run

STOPS = {"rounds": 30, "patience": 1, "eval_every": 1, "client_fraction": 0.5, "baselines": False}
KINDS: dict[str, dict[str, Any]] = {
    "actions": {},
    "streams": HETEROGENEOUS,
    "error feedback": {"error_feedback": True, "uplink_error_feedback": True, "seed": 2},
    "network": {"model": "ncf", "dim": 8},
    "ratio": {"split": "ratio", "test_share": 0.3},
    "patient": {"patience": 3, "eval_every": 2, "seed": 3},
}


class Restarting(Perfect):
    """Every message finds a new process, which knows what is in the node's folder."""

    def send(self, messages: dict[int, bytes], seconds: float) -> None:
        for address, node in self.parts.items():
            self.parts[address] = Node(node.folder, node.source, node.catalogue)
        super().send(messages, seconds)


def opened(folder: Path, link: Link, kind: str) -> Run[Any]:
    options = config(**STOPS | KINDS[kind])
    return open_run(folder, options, Catalogue.of(interactions()), link, PATIENCE)


def known(line: dict[str, Any]) -> dict[str, Any]:
    """Return what a line has but times, and but the quality of tiers: nodes answer with sums."""
    timeless = {name: value for name, value in line.items() if not name.startswith("seconds")}
    if "tiers" in line:
        paid = "budget", "users", "sent", "received"
        timeless["tiers"] = [{name: tier[name] for name in paid} for tier in line["tiers"]]
    return timeless


@pytest.mark.parametrize("kind", KINDS)
def test_nodes_end_early_in_the_same_context(kind: str, tmp_path: Path) -> None:
    whole = Run(simulation(**STOPS | KINDS[kind]))
    expected = list(whole.rounds())
    nodes = make_nodes(3, tmp_path / "nodes")
    run = opened(tmp_path / "run", Restarting(nodes), kind)
    run.federation.gather(3)
    assert list(run.rounds()) == expected
    theirs, ours = whole.federation.server, run.federation.server
    assert ours.schedule == theirs.schedule
    assert 0 < ours.schedule.skipped < joining(run.config)
    assert ours.items.tobytes() == theirs.items.tobytes()
    assert [*map(known, run.lines)] == [*map(known, whole.lines)]
    summary, simulated = RunFolder(tmp_path / "run").summary(), whole.summary()
    assert summary is not None
    for name in ("metrics", "metrics_full", "server_metrics", "rounds", "schedule"):
        assert summary[name] == simulated[name]
    silo = whole.federation.silo
    for node in nodes.values():
        memory = remember(node.folder)
        assert memory.context == theirs.schedule.context
        for client, vector in zip(memory.clients, memory.arrays["vectors"], strict=True):
            assert vector.tobytes() == silo.vectors[silo.clients == client].tobytes()


def test_some_of_these_runs_have_a_context() -> None:
    """Else the test above would show nothing of it."""
    found = Counter[bool]()
    for kind in KINDS.values():
        whole = Run(simulation(**STOPS | kind))
        list(whole.rounds())
        found[whole.federation.server.schedule.context == OFF] += 1
    assert found[False]


@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_a_node_recommends_offline_in_the_context_that_holds(weight: float, tmp_path: Path) -> None:
    """Also right after it has ranked in others."""
    options = {"rounds": 4, "client_fraction": 1.0, "context_decay": 0.5}
    whole, nodes = simulation(**options), make_nodes(2, tmp_path)
    server = coordinator(Perfect(nodes), config(**options))
    server.gather(2)
    for _ in range(3):
        for each in (whole, server):
            each.step()
            each.server.schedule.context = Context(0.5, weight)
    whole._follow()
    whole.step()
    server.step()
    server.evaluate()
    expected = Recommender(whole.silo, interactions())
    assert whole.silo.context == Context(0.5, weight)
    for node in nodes.values():
        found = load_node(node.folder)
        for user in found.users:
            theirs = [(item.item, item.score) for item in expected.recommend(user)]
            assert [(item.item, item.score) for item in found.recommend(user)] == theirs


def test_what_is_tried_does_not_change_what_holds(tmp_path: Path) -> None:
    nodes = make_nodes(1, tmp_path)
    server = coordinator(Perfect(nodes), config(rounds=9, client_fraction=1.0))
    server.gather(1)
    server.step()
    server.server.schedule.context = Context(0.5, 4.0)
    server.step()
    (node,) = nodes.values()
    assert remember(node.folder).context == Context(0.5, 4.0)
    assert server.validate() is not None
    assert remember(node.folder).context == Context(0.5, 4.0)


class Stopping(Perfect):
    """The server is killed while it waits for the answers to an evaluation."""

    left = 0

    def receive(self) -> list[tuple[int, bytes | None]]:
        come = super().receive()
        done = [parse_reply(data) for _, data in come if data is not None]
        if any(isinstance(reply, Done) and reply.counts for reply in done):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return come


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_server_that_is_killed_evaluates_again(left: int, tmp_path: Path) -> None:
    """The rest of the run hangs on it: its end, the learning rate and the context."""
    nodes = make_nodes(2, tmp_path / "nodes")
    whole = opened(tmp_path / "whole", Perfect(nodes), "patient")
    whole.federation.gather(2)
    list(whole.rounds())
    first = Stopping(nodes)
    first.left = left
    stopped = opened(tmp_path / "run", first, "patient")
    stopped.federation.gather(2)
    with pytest.raises(KeyboardInterrupt):
        list(stopped.rounds())
    stopped.close()
    assert len(stopped.lines) == left - 1
    again = opened(tmp_path / "run", Perfect(nodes), "patient")
    again.federation.gather(2)
    list(again.rounds())
    assert [line["round"] for line in again.lines] == [line["round"] for line in whole.lines]
    assert again.federation.server.schedule == whole.federation.server.schedule
    one, other = whole.federation.server.items, again.federation.server.items
    assert one.tobytes() == other.tobytes()


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "changed",
    [{"skipped": value} for value in (-1, 2**53, 1 << 70, NAN, 0.5)]
    + [
        {"contexts": value}
        for value in (
            (),
            ((0.5, 1.0, 1.0),) * (MOST_CONTEXTS + 1),
            ((-0.1, 1.0, 1.0),),
            ((1.1, 1.0, 1.0),),
            ((0.5, -1.0, 1.0),),
            ((0.5,),),
            ((0.5, "1", 1.0),),
            ((0.5, 1.0, 1.1),),
            ((0.5, 1.0, 1.0, 1.0),),
        )
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_a_message_that_cannot_be_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises((PayloadError, OverflowError)):
        parse_request(to_bytes(structs.replace(_work(), **changed)))


def _work() -> Work:
    tag = b"a tag 8b"
    return Work(b"a run 8b", 0, tag, 2, tag, (3,), (News(b"", ()),), News(b"", ()), b"x" * 8)


def after_a_round(folder: Path) -> tuple[Node, Path, Work]:
    """Return a node that has trained once, its memory, and what it would be asked next."""
    nodes = make_nodes(1, folder)
    server = coordinator(Perfect(nodes), config(rounds=9, client_fraction=1.0))
    server.gather(1)
    server.step()
    ((node,), (member,)) = nodes.values(), server.exchange.membership.roster.members
    return node, folder / "node-0" / "checkpoint.npz", server._work(member, member.clients)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"skipped": 9}, "rounds of 9 are done"),
        ({"skipped": 2**52}, "rounds of 9 are done"),
        ({"contexts": ((0.5, INF, 1.0),)}, "no context has 0.5, inf and 1"),
        ({"contexts": ((0.5, 2 * LARGEST, 1.0),)}, "no context has"),
        ({"contexts": (OFF, (0.5, INF, 1.0))}, "no context has"),
        ({"evaluate": 1, "skipped": 8, "bins": 21}, "trained already"),
    ],
    ids=str,
)
def test_a_node_refuses_what_no_run_has(
    changed: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    node, memory, work = after_a_round(tmp_path)
    before = memory.read_bytes()
    said = parse_reply(node.answer(to_bytes(structs.replace(work, **changed))))
    assert isinstance(said, Refused)
    assert reason in said.reason
    assert "\n" not in said.reason
    assert memory.read_bytes() == before


@pytest.mark.parametrize("context", [(0.5, NAN, 1.0), (NAN, 1.0, 1.0), (0.5, 1.0, NAN)])
def test_no_context_is_not_a_number(context: tuple[float, float, float], tmp_path: Path) -> None:
    node, memory, work = after_a_round(tmp_path)
    before = memory.read_bytes()
    message = to_bytes(structs.replace(work, contexts=(context,)))
    try:
        said = parse_reply(node.answer(message))
    except PayloadError:  # msgspec's newer versions see it already
        said = None
    assert said is None or isinstance(said, Refused)
    assert memory.read_bytes() == before
    assert isinstance(parse_reply(node.answer(to_bytes(work))), Done)
