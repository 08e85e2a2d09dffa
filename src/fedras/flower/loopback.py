"""A whole federation on this machine: SuperLink, SuperNodes and a run, with TLS and keys."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import tomli_w

from fedras.data import Interactions
from fedras.errors import FedrasError
from fedras.flower.certificates import Authority, make_authority, make_node_key
from fedras.flower.environment import SETTINGS
from fedras.flower.processes import Processes
from fedras.flower.relay import Relay
from fedras.nodes.split import CATALOGUE, DATA, write_nodes, written_options
from fedras.run.folder import RunFolder
from fedras.whole_files import FolderLock

APP = Path(__file__).parent / "app"
_PAUSE, _QUIET = 0.2, 1.0  # seconds
_UP = 60.0  # seconds that a SuperLink has to start
_RESTARTS = 5
_NODE_PAUSE = 5.0  # seconds


@dataclass(eq=False)
class Loopback:
    """A federation of processes; use it as a context, which leaves no process behind.

    Parameters
    ----------
    folder
        Of the run, which `RunFolder.create` has made; the nodes' folders are made in it.
    interactions
        What the nodes share among them.
    nodes
        How many.
    patience
        Of the server: seconds for a reply, to start, and alone.
    held
        Nodes that are not restarted when they end.
    """

    folder: Path
    interactions: Interactions
    nodes: int
    patience: tuple[float, float, float] = (120.0, 300.0, 600.0)
    relays: list[Relay] = field(default_factory=list)
    supernodes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    _stack: ExitStack = field(default_factory=ExitStack)
    _restarts: int = 0
    _submitted: float = 0.0
    _node_again: float = 0.0
    _look_again: float = 0.0

    def __enter__(self) -> "Loopback":
        with self._stack:
            self._begin()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _begin(self) -> None:
        self._stack.push(self._tidy)
        self.logs = self.folder / "logs"
        self.logs.mkdir(exist_ok=True)
        if not RunFolder(self.folder).has_begun():  # else what is there is whole
            write_nodes(self.interactions, self.nodes, self.folder / "nodes")
        self.processes = self._stack.enter_context(Processes(self.logs, SETTINGS))
        self.scratch, self.mark = self.processes.scratch, self.processes.mark
        self.authority: Authority = make_authority(self.scratch)
        self.port = free_port()
        self._start_superlink()
        self._register([make_node_key(self._key(number)) for number in range(self.nodes)])
        for number in range(self.nodes):
            self.relays.append(Relay(self.port))
            self._stack.callback(self.relays[-1].close)
            self.supernodes.append(self.start_supernode(number))
        self._submit()

    def _tidy(self, kind: type[BaseException] | None, *_: object) -> None:
        """Leave nothing of a federation that was stopped before its first round."""
        if kind is KeyboardInterrupt and not RunFolder(self.folder).has_begun():
            for made in (self.logs, self.folder / "nodes"):
                shutil.rmtree(made, ignore_errors=True)

    def watch(self) -> Iterator[dict[str, Any] | None]:
        """Yield what the server says of itself, until the run is over; restart what has ended.

        That is None before it says anything, and the same again each second without news.

        Raises
        ------
        FedrasError
            If the run fails again and again.
        """
        run, status = RunFolder(self.folder), self.scratch / "status.json"
        last, said, again = b"", None, 0.0
        while True:
            done = run.summary() is not None
            now = status.read_bytes() if status.exists() else b""
            news = now not in {b"", last}
            if news:
                last, said = now, json.loads(now)
                if "error" in said:
                    raise FedrasError(said["error"])
            if news or time.monotonic() > again:
                again = time.monotonic() + _QUIET
                yield said
            if done:
                return
            self._mend()
            time.sleep(_PAUSE)

    def traffic(self) -> dict[str, Any]:
        """Return what sockets between SuperNodes and SuperLink carried, in bytes, by node."""
        carried = [relay.carried for relay in self.relays]
        return {
            "up": sum(each.up for each in carried),
            "down": sum(each.down for each in carried),
            "connections": sum(each.connections for each in carried),
            "by_node": [{"up": each.up, "down": each.down} for each in carried],
        }

    def start_supernode(self, number: int) -> "subprocess.Popen[bytes]":
        """Start a SuperNode, with a Flower folder of its own, so that none waits for another."""
        place = self.folder / "nodes" / f"node-{number}"
        command = fedras("node", superlink=f"127.0.0.1:{self.relays[number].port}")
        command += options(root=self.authority.root, key=self._key(number), folder=place)
        command += options(data=place / DATA, catalogue=self.folder / "nodes" / CATALOGUE)
        for name, value in written_options(place).items():
            command += ["--set", f"{name}={json.dumps(value)}"]
        home = {"FLWR_HOME": str(self.scratch / f"flower-{number}")}
        return self.processes.start(f"node-{number}", command, home)

    def _key(self, number: int) -> Path:
        return self.scratch / f"node-{number}.key"

    def _start_superlink(self) -> None:
        mine = self.authority
        command = fedras("superlink", state=self._state, root=mine.root)
        command += options(certificate=mine.certificate, key=mine.key, port=self.port)
        home = {"FLWR_HOME": str(self.scratch / "flower")}
        self.superlink = self.processes.start("superlink", command, home)
        give_up = time.monotonic() + _UP
        while not _listens(self.port):
            if self.superlink.poll() is not None or time.monotonic() > give_up:
                raise FedrasError(f"the SuperLink did not start; see {self.logs / 'superlink.log'}")
            time.sleep(0.1)

    @property
    def _state(self) -> Path:
        """The SuperLink's folder, with the operator's token."""
        return self.scratch / "superlink"

    def operate(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command of Flower's, as the operator."""
        command = [*fedras("operator", state=self._state), "--", *arguments]
        return self.processes.start("operator", command)

    def _register(self, keys: list[Path]) -> None:
        """Let the SuperLink know whom to trust."""
        started = [self.operate("supernode", "register", str(key)) for key in keys]
        if max(process.wait() for process in started):
            raise FedrasError(f"a SuperNode cannot be registered; see {self.logs / 'operator.log'}")

    def _submit(self) -> None:
        """Start the run, or what is left of it."""
        told = {
            "folder": str(self.folder.absolute()),
            "catalogue": str((self.folder / "nodes" / CATALOGUE).absolute()),
            "nodes": self.nodes,
            "users-per-node": self.interactions.n_users,
            "new-node-ids": True,  # all keys are made anew at each start
            "status": str(self.scratch / "status.json"),
        }
        names = ("reply-timeout", "start-timeout", "alone-timeout")
        told |= dict(zip(names, map(float, self.patience), strict=True))
        (self.scratch / "status.json").unlink(missing_ok=True)
        path = self.scratch / "run.toml"
        path.write_text(tomli_w.dumps(told), "utf-8")
        submitted = self.operate("run", str(APP), "--run-config", str(path))
        if submitted.wait():
            raise FedrasError(f"the run cannot be started; see {self.logs / 'operator.log'}")
        self._submitted = time.monotonic()

    def _mend(self) -> None:
        """Restart what has ended before its time, as an init system would."""
        now = time.monotonic()
        for number, process in enumerate(self.supernodes):
            if process.poll() is not None and number not in self.held and now > self._node_again:
                # The SuperLink takes back a node only when it has noticed that it was gone.
                self._node_again = now + _NODE_PAUSE
                self.supernodes[number] = self.start_supernode(number)
        if self.superlink.poll() is not None:
            self._count_restart("SuperLink")
            self._start_superlink()
            self._submit()
        elif self._server_is_gone():
            self._count_restart("server")
            self._submit()

    def _server_is_gone(self) -> bool:
        """Return whether the server's process began and does not hold the run's folder any more."""
        now = time.monotonic()
        if not (self.scratch / "status.json").exists():
            return now - self._submitted > _UP
        if now < self._look_again:
            return False
        self._look_again = now + _UP / 30
        lock = FolderLock(self.folder)
        if not lock.acquire():
            return False
        lock.release()
        return RunFolder(self.folder).summary() is None

    def _count_restart(self, what: str) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise FedrasError(f"the {what} ended {self._restarts} times; see {self.logs}")


def fedras(command: str, **given: object) -> list[str]:
    """Return the words of a command of this fedras."""
    return [sys.executable, "-m", "fedras", command, *options(**given)]


def options(**given: object) -> list[str]:
    """Return words for options."""
    return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
