"""The real server and the real nodes under thousands of random schedules of faults.

Messages are lost, delayed and repeated; nodes vanish, crash before or after they have stored what
they learnt, run out of disk, come back elsewhere, get new users; the server is killed in mid-round
or falls back to an old checkpoint. The run must end, and a node must never hold anything but what
the server's record says of its version, bit for bit.
"""

import errno
import itertools
import logging
import os
import secrets
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from fedras.components import complete
from fedras.config import Config
from fedras.data import Interactions, from_columns
from fedras.errors import FedrasError, UsageError
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.node import node as node_module
from fedras.nodes.node.memory import remember
from fedras.nodes.node.node import Node
from fedras.nodes.node.own_data import Source, known
from fedras.nodes.server.admission import Admission, Terms
from fedras.nodes.server.coordinator import Coordinator
from fedras.nodes.server.exchange import Patience
from fedras.nodes.server.run import open_run
from fedras.run.checkpoint import CHECKPOINT
from fedras.run.run import Run

ROUNDS, ITEMS, SCHEDULES, BLOCKS = 4, 12, 2000, 20
PATIENCE = Patience(reply=6, start=40, alone=200)
CATALOGUE = Catalogue(tuple(map(str, range(ITEMS))), tuple(map(str, range(ITEMS))))
PLAIN: dict[str, Any] = {
    "dim": 3,
    "rounds": ROUNDS,
    "client_fraction": 0.5,
    "compression_rate": 0.6,
    "eval_every": 2,
    "eval_negatives": 5,
    "batch_size": 16,
}
KINDS: list[dict[str, Any]] = [
    PLAIN,
    PLAIN | {"rate_range": (0.3, 0.8), "rate_levels": 3, "uplink_error_feedback": True},
    PLAIN | {"method": "fedras-e", "eval_every": 1, "patience": 1},  # most end early
    PLAIN | {"model": "ncf", "scoring_numbers": "drive"},
]


class Killed(BaseException):
    """The server's process is gone."""


@dataclass(frozen=True)
class People(Source):
    """A node's data, in memory; `crowd` grows."""

    crowd: tuple[tuple[str, int], ...] = ()

    def load(self, catalogue: Catalogue) -> tuple[Interactions, int]:
        users, items = zip(*self.crowd, strict=True)
        return known(from_columns("people", users, list(map(str, items))), catalogue)


@dataclass(frozen=True)
class Operator(Admission):
    """Writes down each number that a node gets with a new key."""

    former: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def terms(self) -> dict[int, Terms]:
        return {address: Terms(self.users, former) for address, former in self.former.items()}


class Chaos:
    """A link that does its worst, drawn from a seed. `calm` ends it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.time, self.calm = 0.0, False
        self.worst = self.rng.uniform(0, 0.4)  # how bad this schedule is
        self.parts: dict[int, Node] = {}
        self.away: dict[int, float] = {}
        self.mail: list[tuple[float, int, bytes, bool]] = []
        self.record: dict[bytes, dict[int, bytes]] = {}
        self.run: Run[Coordinator] | None = None
        self.checked: dict[Path, int] = {}
        self.addresses, self.users = itertools.count(10), itertools.count()
        self.folder = folder
        self.operator = Operator(users=50, known_by_token=seed % 4 == 0)
        for _ in range(3):
            self.new_node()

    def chance(self, share: float = 1.0) -> bool:
        return not self.calm and bool(self.rng.random() < self.worst * share)

    def new_node(self) -> None:
        address = next(self.addresses)
        made = Node(self.folder / f"node-{address}", People(""), Path("catalogue"))
        self.parts[address] = made
        self.operator.former[address] = ()
        for _ in range(3):
            self.new_rows(made)

    def new_rows(self, node: Node) -> None:
        """A new user, now and then with an item that nobody knows."""
        items = self.rng.choice(ITEMS + 1, self.rng.integers(2, 6), replace=False).tolist()
        user = f"user {next(self.users)}"
        source = node.source
        assert isinstance(source, People)
        node.source = replace(source, crowd=source.crowd + tuple((user, i) for i in items))

    def nodes(self) -> set[int]:
        return {a for a in self.parts if self.away.get(a, 0) <= self.time}

    def send(self, messages: dict[int, bytes], seconds: float) -> None:
        if self.run is not None and self.run.federation.begun:
            self.remember(self.run)
        for address, data in messages.items():
            for _ in range(1 + self.chance(0.5)):
                if not self.chance():
                    self.mail.append((self._later(), address, data, True))

    def receive(self) -> list[tuple[int, bytes | None]]:
        come = []
        for due, address, data, for_node in list(self.mail):
            if due > self.time or address not in self.nodes():
                continue
            self.mail.remove((due, address, data, for_node))
            if for_node:
                self._process(address, data)
            else:
                come.append((address, None if self.chance(0.1) else data))
        return come

    def wait(self) -> None:
        self.time += 1
        if self.chance(0.02):
            raise Killed
        for address, node in list(self.parts.items()):
            if self.chance(0.04):
                self.away[address] = self.time + self.rng.integers(1, 30)
            if self.chance(0.02):
                self.new_rows(node)
            if self.chance(0.02):  # back elsewhere
                new = next(self.addresses)
                self.parts[new] = self.parts.pop(address)
                self.operator.former[new] = *self.operator.former.pop(address), address
        if self.chance(0.01) and len(self.parts) < 5:
            self.new_node()

    def now(self) -> float:
        return self.time

    def _later(self) -> float:
        return self.time + (self.rng.integers(1, 12) if self.chance() else 0)

    def _process(self, address: int, data: bytes) -> None:
        if self.chance(0.3):  # crashed before it did anything
            return
        with full_disk(self.chance(0.3)):
            reply = self.parts[address].answer(data)
        self.check(self.parts[address])
        if not self.chance(0.3):  # or crashed, having stored what it learnt
            for _ in range(1 + self.chance(0.5)):
                self.mail.append((self._later(), address, reply, False))

    def remember(self, run: Run[Coordinator]) -> None:
        """Keep the server's record of its version."""
        server, tag = run.federation.server, run.federation.history.tags[-1]
        held = {stream.budget: stream.replica.tobytes() for stream in server.streams}
        held[-1] = server.scoring.tobytes()
        former = self.record.setdefault(tag, held)
        assert all(former[budget] == data for budget, data in held.items() if budget in former)
        former.update(held)  # new users may bring new budgets

    def check(self, node: Node) -> None:
        path = node.folder / CHECKPOINT
        if not path.exists() or self.checked.get(path) == path.stat().st_mtime_ns:
            return
        memory = remember(node.folder)
        self.checked[path] = path.stat().st_mtime_ns
        if memory.arrays:
            record = self.record[memory.tag]
            for budget, replica in zip(memory.budgets, memory.arrays["replicas"], strict=True):
                assert replica.tobytes() == record[int(budget)]
            assert memory.arrays["scoring"].tobytes() == record[-1]


_disk_is_full = False


class full_disk:  # noqa: N801 -- reads like a function
    """While it holds, nothing can be written."""

    def __init__(self, full: bool) -> None:
        self.full = full

    def __enter__(self) -> None:
        global _disk_is_full  # noqa: PLW0603
        _disk_is_full = self.full

    def __exit__(self, *_: object) -> None:
        global _disk_is_full  # noqa: PLW0603
        _disk_is_full = False


def _fsync(_: int) -> None:
    if _disk_is_full:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def run_to_the_end(given: Config, chaos: Chaos, folder: Path) -> Run[Coordinator]:
    """Start the server again and again until the run is over."""
    old = folder / "old.npz"
    for _ in range(60):
        run = None
        try:
            with full_disk(chaos.chance(0.02)):
                chaos.run = run = open_run(
                    folder / "run", given, CATALOGUE, chaos, PATIENCE, chaos.operator
                )
                run.federation.gather(2)
                for _ in run.rounds():
                    if chaos.chance(0.1):
                        shutil.copy(folder / "run" / CHECKPOINT, old)
                    if chaos.chance(0.05):
                        raise Killed
            return run
        except UsageError:
            raise
        except (Killed, FedrasError):
            if run is not None:
                run.close()
            if old.exists() and chaos.chance(0.3):
                shutil.copy(old, folder / "run" / CHECKPOINT)
    raise AssertionError("the run does not end")


def work_off(block: int, folder: Path) -> int:
    """Run the schedules of a block; return how many users were ranked in the end, in all."""
    setattr(os, "fsync", _fsync)  # noqa: B010
    setattr(node_module, "read_catalogue", lambda _: CATALOGUE)  # noqa: B010
    logging.disable(logging.WARNING)
    given = complete(Config.model_validate(KINDS[block % len(KINDS)]))
    ranked = 0
    for schedule in range(block, SCHEDULES, BLOCKS):
        place = folder / str(schedule)
        place.mkdir()
        try:
            ranked += endure(given, schedule, place)
        except BaseException as error:
            raise AssertionError(f"schedule {schedule}") from error
        shutil.rmtree(place)
    return ranked


def endure(given: Config, schedule: int, folder: Path) -> int:
    chaos = Chaos(folder, seed=schedule)
    setattr(secrets, "token_bytes", chaos.rng.bytes)  # noqa: B010 -- or no run is like another
    run = run_to_the_end(given, chaos, folder)
    assert run.round == run.length
    chaos.calm = True
    chaos.away.clear()
    chaos.time += 100  # whatever was under way is void
    for _ in range(2):  # the server may have to learn first what a node holds
        run.federation.gather(len(chaos.parts))
        quality = run.federation.evaluate()
    for node in chaos.parts.values():
        chaos.check(node)
        assert remember(node.folder).tag == run.federation.history.tags[-1]
    run.close()
    return quality.users


def test_runs_end_and_replicas_are_what_the_server_says(tmp_path: Path) -> None:
    # A disk is the slowest part of it all.
    memory = Path("/dev/shm")  # noqa: S108
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder,
        ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool,
    ):
        for ranked in pool.map(partial(work_off, folder=Path(folder)), range(BLOCKS)):
            assert ranked
