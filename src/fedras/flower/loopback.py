"""A whole federation on this machine: SuperLink, SuperNodes and a run, with TLS and keys."""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from fedras.data import Interactions
from fedras.errors import FedrasError
from fedras.flower.certificates import Authority, make_authority, make_node_key
from fedras.flower.processes import Processes
from fedras.flower.relay import Relay
from fedras.nodes.split import CATALOGUE, DATA, write_nodes, written_options
from fedras.run.folder import RunFolder

APP = Path(__file__).parent / "app"
_NAME = "loopback"
_FLOWER = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
    "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.1",
}
_PAUSE = 0.2  # seconds
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
        try:
            self._begin()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _begin(self) -> None:
        self.logs = self.folder / "logs"
        self.logs.mkdir(exist_ok=True)
        if not (self.folder / "nodes" / CATALOGUE).exists():
            write_nodes(self.interactions, self.nodes, self.folder / "nodes")
        self.scratch = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.authority: Authority = make_authority(self.scratch)
        self.processes = self._stack.enter_context(Processes(self.logs, _FLOWER))
        self.port = free_port()
        self._start_superlink()
        self._register([make_node_key(self._key(number)) for number in range(self.nodes)])
        for number in range(self.nodes):
            self.relays.append(Relay(self.port))
            self._stack.callback(self.relays[-1].close)
            self.supernodes.append(self.start_supernode(number))
        self._submit()

    def watch(self) -> Iterator[dict[str, Any]]:
        """Yield what the server says of itself, until the run is over; restart what has ended.

        Raises
        ------
        FedrasError
            If the run fails again and again.
        """
        run, status = RunFolder(self.folder), self.scratch / "status.json"
        last = b""
        while True:
            done = run.summary() is not None
            now = status.read_bytes() if status.exists() else b""
            if now and now != last:
                last, said = now, json.loads(now)
                if "error" in said:
                    raise FedrasError(said["error"])
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
        told = {
            "folder": str(place),
            "data": str(place / DATA),
            "catalogue": str(self.folder / "nodes" / CATALOGUE),
            **written_options(place),
        }
        command = [
            "flower-supernode",
            "--superlink",
            f"127.0.0.1:{self.relays[number].port}",
            "--root-certificates",
            str(self.authority.root),
            "--auth-supernode-private-key",
            str(self._key(number)),
            "--port",
            str(free_port()),
            "--node-config",
            " ".join(f"{name}={json.dumps(value)}" for name, value in told.items()),
        ]
        home = {"FLWR_HOME": str(self.scratch / f"flower-{number}")}
        return self.processes.start(f"node-{number}", command, home)

    def _key(self, number: int) -> Path:
        return self.scratch / f"node-{number}.key"

    def _start_superlink(self) -> None:
        command = [
            "flower-superlink",
            "--ssl-ca-certfile",
            str(self.authority.root),
            "--ssl-certfile",
            str(self.authority.certificate),
            "--ssl-keyfile",
            str(self.authority.key),
            "--enable-supernode-auth",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--database",
            str(self.scratch / "superlink.db"),
            "--disable-runtime-dependency-installation",
        ]
        self.home = {"FLWR_HOME": str(self.scratch / "flower")}
        self.superlink = self.processes.start("superlink", command, self.home)
        give_up = time.monotonic() + _UP
        while not _listens(self.port):
            if self.superlink.poll() is not None or time.monotonic() > give_up:
                raise FedrasError(f"the SuperLink did not start; see {self.logs / 'superlink.log'}")
            time.sleep(0.1)

    def _flwr(self, *arguments: str) -> "subprocess.Popen[bytes]":
        home = Path(self.home["FLWR_HOME"])
        home.mkdir(exist_ok=True)
        address = {
            "address": f"127.0.0.1:{self.port}",
            "root-certificates": str(self.authority.root),
        }
        connections = {"superlink": {"default": _NAME, _NAME: address}}
        (home / "config.toml").write_text(tomli_w.dumps(connections), "utf-8")
        return self.processes.start("flwr", ["flwr", *arguments], self.home)

    def _register(self, keys: list[Path]) -> None:
        """Let the SuperLink know whom to trust."""
        started = [self._flwr("supernode", "register", str(key), _NAME) for key in keys]
        if max(process.wait() for process in started):
            raise FedrasError(f"a SuperNode cannot be registered; see {self.logs / 'flwr.log'}")

    def _submit(self) -> None:
        """Start the run, or what is left of it."""
        told = {
            "folder": str(self.folder.absolute()),
            "catalogue": str((self.folder / "nodes" / CATALOGUE).absolute()),
            "nodes": self.nodes,
            "status": str(self.scratch / "status.json"),
        }
        names = ("reply-timeout", "start-timeout", "alone-timeout")
        told |= dict(zip(names, map(float, self.patience), strict=True))
        (self.scratch / "status.json").unlink(missing_ok=True)
        path = self.scratch / "run.toml"
        path.write_text(tomli_w.dumps(told), "utf-8")
        submitted = self._flwr("run", str(APP), _NAME, "--run-config", str(path))
        if submitted.wait():
            raise FedrasError(f"the run cannot be started; see {self.logs / 'flwr.log'}")
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
        run = RunFolder(self.folder)
        try:
            run.lock()
        except FedrasError:
            return False
        run.release()
        return run.summary() is None

    def _count_restart(self, what: str) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise FedrasError(f"the {what} ended {self._restarts} times; see {self.logs}")


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
