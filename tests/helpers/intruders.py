"""Whoever has no business in a federation: strangers at its doors, and an app of nobody's."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from flwr.proto.runtime_pb2 import AcquireTaskRequest
from flwr.supercore.constant import TaskType
from flwr.supercore.interceptors import RuntimeVersionHttpInterceptor, SuperExecAuthHttpInterceptor
from flwr.supercore.runtime import RuntimeHttpClient

from fedras.flower import guard

COMMANDS = {
    "run": ["run", "APP"],
    "ls": ["ls"],
    "stop": ["stop", "1"],
    "supernode list": ["supernode", "list"],
    "supernode register": ["supernode", "register", "KEY"],
}
_CALL = """
import json, sys
from flwr.cli.app import app
for name, words in json.loads(sys.argv[1]).items():
    sys.argv = ["flwr", *words]
    try:
        app()
        status = 0
    except SystemExit as stop:
        status = stop.code
    print(json.dumps([name, status]), file=sys.stderr)
"""
_PROJECT = """
[project]
name = "evil"
version = "1.0.0"
license = "Apache-2.0"
dependencies = []

[tool.flwr.app]
publisher = "nobody"

[tool.flwr.app.components]
serverapp = "evil.app:server"
clientapp = "evil.app:client"
"""
_APP = """
from pathlib import Path
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

PLACE = Path({place!r})
(PLACE / "loaded").touch()
server = ServerApp()
client = ClientApp()

@client.query()
def steal(message, context):
    (PLACE / "ran-on-a-node").touch()
    return Message(RecordDict({{"stolen": ConfigRecord({{"rows": "all"}})}}), reply_to=message)

@server.main()
def main(grid, context):
    nodes = list(grid.get_node_ids())
    asked = [Message(RecordDict(), dst_node_id=node, message_type="query") for node in nodes]
    replies = list(grid.send_and_receive(asked, timeout=60))
    said = [reply.error.reason if reply.has_error() else "an answer" for reply in replies]
    (PLACE / "partial").write_text("\\n".join(said))
    (PLACE / "partial").rename(PLACE / "replies")
"""


def write_app(folder: Path) -> Path:
    """Write an app that leaves a file where it runs, and the replies of nodes on the server."""
    (folder / "evil").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_PROJECT)
    (folder / "evil" / "__init__.py").touch()
    (folder / "evil" / "app.py").write_text(_APP.format(place=str(folder)))
    return folder


def listening(mark: str) -> set[int]:
    """Return the TCP ports on which processes with a mark listen, and this process."""
    processes = [*map(str, guard.marked(mark)), "self"]
    sockets = set()
    for process in processes:
        for entry in Path("/proc", process, "fd").glob("*"):
            try:
                sockets.add(str(entry.readlink()))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in sockets:
                found.add(int(local.rpartition(":")[2], 16))
    return found


def knock(home: Path, port: int, root: Path, app: Path, key: Path) -> "subprocess.Popen[bytes]":
    """Try every command of Flower at a port, with a fresh Flower folder and ``root.pem`` alone."""
    home.mkdir()
    (home / "root.pem").write_bytes(root.read_bytes())
    (home / "config.toml").write_text(
        f'[superlink]\ndefault = "x"\n[superlink.x]\naddress = "127.0.0.1:{port}"\n'
        f'root-certificates = "{home / "root.pem"}"\n'
    )
    words = {
        name: [{"APP": str(app), "KEY": str(key)}.get(word, word) for word in command]
        for name, command in COMMANDS.items()
    }
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "FLWR_HOME": str(home)}
    environment |= {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
    with (home / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-c", _CALL, json.dumps(words)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
            stdin=subprocess.DEVNULL,
        )


def statuses(home: Path) -> dict[str, int]:
    """Return the exit status of each command that `knock` tried; each got as far as the door."""
    said = (home / "said").read_text()
    assert "Invalid Flower App" not in said
    lines = said.splitlines()
    return dict(json.loads(line) for line in lines if line.startswith('["'))


def ask_for_tasks(port: int, root: Path) -> list[int]:
    """Ask whoever listens for its tasks, without a secret and with another one."""
    statuses = []
    for secret in (b"", b"guessed"):
        interceptors: list[Any] = [RuntimeVersionHttpInterceptor(component_name="stranger")]
        if secret:
            interceptors.append(
                SuperExecAuthHttpInterceptor(
                    master_secret=secret, protected_methods={"/flwr.proto.Runtime/AcquireTask"}
                )
            )
        for certificate in (root.read_bytes(), None):
            client = RuntimeHttpClient.from_server_address(
                server_address=f"127.0.0.1:{port}",
                insecure=certificate is None,
                root_certificates=certificate,
                interceptors=interceptors,
            )
            try:
                client.AcquireTask(AcquireTaskRequest(supported_task_types=[*TaskType]))
                statuses.append(200)
            except httpx.HTTPStatusError as error:
                statuses.append(error.response.status_code)
            except httpx.TransportError:  # TLS where there is none, or none where there is
                continue
            finally:
                client.close()
    return statuses
