"""A federation of nodes is the simulator, bit for bit, whoever is where."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.nodes_in_process import PATIENCE, Perfect, config, coordinator, make_nodes
from helpers.small_federation import HETEROGENEOUS, interactions, simulation
from msgspec import structs

from fedras.components import split_of
from fedras.errors import FedrasError, PayloadError, UsageError
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.federation.privacy import guarantee
from fedras.nodes.catalogue import Catalogue, read_catalogue
from fedras.nodes.messages import (
    Done,
    Join,
    Refused,
    Work,
    digest,
    parse_reply,
    parse_request,
    to_bytes,
)
from fedras.nodes.node.memory import remember
from fedras.nodes.node.node import Node, parse_config
from fedras.nodes.server.run import open_run
from fedras.run.folder import RunFolder

KINDS: dict[str, dict[str, Any]] = {
    "actions": {},
    "streams": HETEROGENEOUS,
    "error feedback": {"error_feedback": True, "uplink_error_feedback": True},
    "network": {"model": "ncf", "dim": 8},
    "network in full": {"model": "ncf", "dim": 8, "scoring_numbers": "f32"},
    "whole matrices": {"method": "fedras-e"},
    "basis": {"method": "colr", "compression_rate": 0.5},
    "codes": {"method": "lightfr", "dim": 8, "compression_rate": 0.96875},
    "fewer rounds": {"method": "rcr", "compression_rate": 0.5},
    "validation": {"validation": True, "eval_negatives": 20, "at": [3, 40]},
    "silence": {"every": 3, "server_rate": 0.5, "rounds": 5},
    "silence of a network": {"model": "ncf", "dim": 8, "every": 2, "actions": 4},
    "sums": {"error_feedback": True, "uplink_error_feedback": True},
    "sums of a network": {"model": "ncf", "dim": 8, "actions": 4},
    "ratio": {"split": "ratio", "test_share": 0.3},
}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_nodes_give_the_simulators_numbers(kind: str, count: int, tmp_path: Path) -> None:
    options = KINDS[kind] | ({"summing_nodes": count} if kind.startswith("sums") else {})
    whole = simulation(**options)
    data = interactions()
    split = split_of(data, whole.config)
    evaluation = Evaluation(data, split, whole.config.eval_negatives, whole.config.at)
    nodes = make_nodes(count, tmp_path)
    server = coordinator(Perfect(nodes), config(**options))
    server.gather(count)
    for _ in range(whole.config.rounds):
        expected, result = whole.step(), server.step()
        assert result == expected
        assert server.server.broadcast == whole.server.broadcast
    held = Ranked(whole.silo.vectors, whole.silo.replicas, whole.silo.scoring, whole.silo.stream)
    own = whole.server.items[None], whole.server.scoring, np.zeros_like(whole.silo.stream)
    found = server.evaluate()
    assert found.users == len(evaluation.users)
    assert found.beyond is None
    assert found.sampled == evaluation.sampled(whole.model, held)
    assert found.full == evaluation.full(whole.model, held)
    assert found.server == evaluation.sampled(whole.model, Ranked(whole.silo.vectors, *own))
    assert server.evaluate().sampled == found.sampled
    for node in nodes.values():
        memory = remember(node.folder)
        assert memory.version == whole.round
        for budget, replica in zip(memory.budgets, memory.arrays["replicas"], strict=True):
            s = whole.silo.budgets.tolist().index(budget)
            assert replica.tobytes() == whole.server.streams[s].replica.tobytes()
        assert memory.arrays["scoring"].tobytes() == whole.server.scoring.tobytes()
        for client, vector in zip(memory.clients, memory.arrays["vectors"], strict=True):
            mine = np.flatnonzero(whole.silo.clients == client)[0]
            assert vector.tobytes() == whole.silo.vectors[mine].tobytes()


class Replaying(Perfect):
    """A link on which somebody answers for a node with what it answered a round ago."""

    def __init__(self, nodes: dict[int, Node]) -> None:
        super().__init__(nodes)
        self.former: dict[int, bytes] = {}
        self.on = False

    def send(self, messages: dict[int, bytes], seconds: float) -> None:
        super().send(messages, seconds)
        for place, (address, reply) in enumerate(self.replies):
            assert reply is not None
            kept = self.former.get(address)
            if isinstance(parse_reply(reply), Done):
                self.former[address] = reply
                if self.on and kept is not None:
                    self.replies[place] = address, self.disguised(kept, messages[address])

    def disguised(self, reply: bytes, request: bytes) -> bytes:
        return reply


class Forging(Replaying):
    """And who also claims that it is the answer to what was asked now."""

    def disguised(self, reply: bytes, request: bytes) -> bytes:
        done, work = parse_reply(reply), parse_request(request)
        assert isinstance(done, Done)
        assert isinstance(work, Work)
        uploads = done.uploads * (len(work.cohort) // 8)
        now = {"asked": digest(request), "version": work.version, "tag": work.tag}
        return to_bytes(structs.replace(done, uploads=uploads[: len(work.cohort) // 8], **now))


@pytest.mark.parametrize("kind", [Replaying, Forging])
def test_a_replayed_upload_is_refused(kind: type[Replaying], tmp_path: Path) -> None:
    link = kind(make_nodes(2, tmp_path))
    server = coordinator(link, config(client_fraction=1.0))
    server.gather(2)
    server.step()
    before = server.server.items.copy()
    link.on = True
    result = server.step()
    assert result.uplink.clients == (len(server.server.clients) if kind is Forging else 0)
    assert (server.server.items == before).all()
    if kind is Forging:
        assert result.dropped == {"round": len(server.server.clients)}
    else:
        assert sum(server.exchange.membership.left_out.values()) == 2
    link.on = False
    server.gather(2)
    assert server.step().uplink.clients == len(server.server.clients)


def test_a_broken_upload_is_dropped_and_the_round_goes_on(tmp_path: Path) -> None:
    class Breaking(Perfect):
        def receive(self) -> list[tuple[int, bytes | None]]:
            come = super().receive()
            done = [(a, parse_reply(data)) for a, data in come if data is not None]
            return [
                (
                    a,
                    to_bytes(
                        structs.replace(reply, uploads=((b"no upload", b""), *reply.uploads[1:]))
                    ),
                )
                if isinstance(reply, Done) and reply.uploads
                else (a, to_bytes(reply))
                for a, reply in done
            ]

    server = coordinator(Breaking(make_nodes(2, tmp_path)), config(client_fraction=1.0))
    server.gather(2)
    result = server.step()
    assert result.uplink.clients == len(server.server.clients)
    assert result.dropped == {"malformed": 2}


def test_a_run_needs_nodes(tmp_path: Path) -> None:
    server = coordinator(Perfect(make_nodes(2, tmp_path)), config())
    with pytest.raises(FedrasError, match="2 of 3 nodes joined"):
        server.gather(3)


def test_another_catalogue_is_refused(tmp_path: Path) -> None:
    nodes = make_nodes(2, tmp_path)
    Catalogue(("a",), ("A",)).write(tmp_path / "catalogue.csv")
    server = coordinator(Perfect(nodes), config())
    with pytest.raises(FedrasError, match="0 of 2 nodes joined"):
        server.gather(2)


def test_a_node_does_not_take_options_that_name_files() -> None:
    for options in ('{"rate_file": "/etc/passwd"}', '{"data_dir": "/"}', '{"rounds": 0}', "no"):
        with pytest.raises(PayloadError):
            parse_config(options)


@pytest.mark.parametrize("nested", ["[" * 30_000, '{"rounds":' * 6_000])
def test_options_that_are_nested_deeply_are_refused(nested: str, tmp_path: Path) -> None:
    (node,) = make_nodes(1, tmp_path).values()
    catalogue = read_catalogue(node.catalogue)
    join = Join(b"a run 8b", nested, len(catalogue.items), catalogue.digest)
    reply = parse_reply(node.answer(to_bytes(join)))
    assert isinstance(reply, Refused)
    assert reply.reason == "the options of the run are nested too deeply; no option is"


def test_neither_side_splits_by_time(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match="split by time"):
        parse_config('{"split": "time"}')
    with pytest.raises(UsageError, match="take split=last or split=ratio"):
        coordinator(Perfect(make_nodes(2, tmp_path)), config(split="time"))


def test_noise_is_the_nodes_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"dp_noise_multiplier": 1.0, "dp_clip_norm": 0.5}
    simulated, given = simulation(**options), config(**options)
    simulated.step()
    nodes = make_nodes(2, tmp_path / "nodes")

    def after_a_round(run: bytes) -> bytes:
        server = coordinator(Perfect(nodes), given, run)
        server.gather(2)
        server.step()
        return server.server.items.tobytes()

    # Noise that came back would fall out of the difference of two runs' uploads.
    found = {
        after_a_round(b"run one."),
        after_a_round(b"run two."),
        simulated.server.items.tobytes(),
    }
    assert len(found) == 3
    # Nothing else differs: with the simulator's noise, a node sends what the simulator sends.
    monkeypatch.setattr("fedras.nodes.node.node.system_normals", None)
    assert after_a_round(b"run 3...") == simulated.server.items.tobytes()


def test_a_federation_reports_its_privacy(tmp_path: Path) -> None:
    given = config(dp_noise_multiplier=4.0)
    catalogue = Catalogue.of(interactions())
    link = Perfect(make_nodes(2, tmp_path / "nodes"))
    run = open_run(tmp_path / "run", given, catalogue, link, PATIENCE)
    run.federation.gather(2)
    list(run.rounds())
    summary = RunFolder(tmp_path / "run").summary()
    assert summary is not None
    expected = guarantee(simulation(dp_noise_multiplier=4.0).server, given.rounds)
    assert summary["privacy"] == expected


def test_a_federation_needs_the_accountant_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(UsageError, match="dp-accounting"):
        coordinator(Perfect(make_nodes(1, tmp_path)), config(dp_noise_multiplier=1.0))


def test_a_restarted_server_goes_on_bit_for_bit(tmp_path: Path) -> None:
    """Killed after any message, it asks again, and nodes answer what they answered before."""
    nodes, given = make_nodes(3, tmp_path / "nodes"), config(**HETEROGENEOUS)
    catalogue = Catalogue.of(interactions())
    whole = open_run(tmp_path / "whole", given, catalogue, Perfect(nodes), PATIENCE)
    whole.federation.gather(3)
    for _ in whole.rounds():
        pass

    class Mortal(Perfect):
        left = 7

        def receive(self) -> list[tuple[int, bytes | None]]:
            Mortal.left -= 1
            if Mortal.left == 0:
                Mortal.left = 6
                raise KeyboardInterrupt
            return super().receive()

    for _ in range(20):
        run = open_run(tmp_path / "run", given, catalogue, Mortal(nodes), PATIENCE)
        try:
            run.federation.gather(3)
            for _ in run.rounds():
                pass
            break
        except KeyboardInterrupt:
            run.close()
    last, whole_last = (RunFolder(tmp_path / name).summary() for name in ("run", "whole"))
    assert last is not None
    assert whole_last is not None
    assert last["metrics"] == whole_last["metrics"]
    assert run.federation.server.items.tobytes() == whole.federation.server.items.tobytes()
    assert [line["round"] for line in run.lines] == [line["round"] for line in whole.lines]


def test_new_users_count_from_the_next_round_on(tmp_path: Path) -> None:
    nodes = make_nodes(2, tmp_path)
    server = coordinator(Perfect(nodes), config(client_fraction=1.0, rounds=9, **HETEROGENEOUS))
    server.gather(2)
    server.step()
    before, ranked = len(server.server.clients), server.evaluate().users
    with (tmp_path / "node-1" / "interactions.csv").open("a") as file:
        file.writelines(f"newcomer,{item},1\n" for item in (1, 5, 9))
    server.step()  # the node says that its users are others
    server.step()  # and is asked who
    assert len(server.server.clients) == before + 1
    assert server.step().uplink.clients == before + 1
    assert server.evaluate().users == ranked + 1
