"""A federation of real processes over TLS: the simulator's numbers, and who is turned away."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from helpers.intruders import COMMANDS, ask_for_tasks, knock, listening, statuses, write_app

from fedras.components import make_config
from fedras.data import client_keys, from_columns
from fedras.flower.certificates import make_authority, make_node_key
from fedras.flower.loopback import Loopback, free_port
from fedras.nodes.node.memory import remember
from fedras.nodes.node.offline import load_node
from fedras.run.folder import RunFolder
from fedras.run.training import train

PATIENCE = 60.0  # seconds
GIVEN: dict[str, Any] = {"rounds": 2, "eval_every": 2, "client_fraction": 0.5, "threads": 1}


class Ended(NamedTuple):
    """A federation that ran to its end, and how those fared who had no business there."""

    folder: Path
    summary: dict[str, Any]
    sockets: dict[str, Any]
    strangers: dict[str, tuple[int, str]]
    knocks: dict[int, dict[str, int]]
    superlink: int
    app: Path
    tasks: dict[int, list[int]]


def people() -> Any:
    """Forty users with four of thirty items each."""
    users = [f"u{u}" for u in range(40) for _ in range(4)]
    items = [f"i{(7 * u + 3 * n * n) % 30}" for u in range(40) for n in range(4)]
    return from_columns("people", users, items)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("federation") / "run"
    run = RunFolder(folder)
    run.create(make_config(GIVEN))
    run.release()
    with Loopback(folder, people(), 2, (300.0, 300.0, 300.0)) as federation:
        root, known = federation.authority.root, federation.scratch / "node-0.key"
        commands = {
            "without a key": stranger(federation, root),
            "with an unknown key": stranger(federation, root, make_key(federation)),
            "with another root": stranger(federation, other_root(federation), known),
        }
        started = {who: federation.processes.start(who, c) for who, c in commands.items()}
        app = write_app(tmp_path_factory.mktemp("evil") / "app")
        pushed = federation.operate("run", str(app))  # as a server would that is hostile
        key = make_node_key(federation.scratch / "intruder.key")
        homes = {port: folder.parent / f"home-{port}" for port in await_ports(federation, 5)}
        knocks = [knock(home, port, root, app, key) for port, home in homes.items()]
        tasks = {port: ask_for_tasks(port, root) for port in homes}
        list(federation.watch())
        assert [process.wait(PATIENCE) for process in [pushed, *knocks]] == [0] * (len(knocks) + 1)
        await_file(app / "replies")
        sockets = federation.traffic()
        strangers = {
            who: (process.wait(PATIENCE), (federation.logs / f"{who}.log").read_text())
            for who, process in started.items()
        }
    summary = run.summary()
    assert summary is not None
    found = {port: statuses(home) for port, home in homes.items()}
    return Ended(folder, summary, sockets, strangers, found, federation.port, app, tasks)


def await_ports(federation: Loopback, count: int) -> set[int]:
    """Of the SuperLink, and of two nodes and their relays."""
    give_up = time.monotonic() + PATIENCE
    while len(found := listening(federation.mark)) < count:
        assert time.monotonic() < give_up, found
        time.sleep(0.1)
    return found


def await_file(path: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < give_up, f"there is no {path}"
        time.sleep(0.1)


def make_key(federation: Loopback) -> Path:
    key = federation.scratch / "stranger.key"
    make_node_key(key)
    return key


def other_root(federation: Loopback) -> Path:
    folder = federation.scratch / "other"
    folder.mkdir()
    return make_authority(folder).root


def stranger(federation: Loopback, root: Path, key: Path | None = None) -> list[str]:
    """Return the command of a SuperNode that should not get in."""
    command = ["flower-supernode", "--superlink", f"127.0.0.1:{federation.port}"]
    command += ["--root-certificates", str(root), "--max-retries", "1"]
    command += ["--port", str(free_port())]
    return command if key is None else [*command, "--auth-supernode-private-key", str(key)]


def test_a_federation_gives_the_simulators_numbers(ended: Ended, tmp_path: Path) -> None:
    assert list(train(make_config(GIVEN), tmp_path / "run", interactions=people()))
    expected = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert ended.summary["federation"]["left_out"] == {}
    for name in ("metrics", "metrics_full", "server_metrics", "uplink_split", "downlink_split"):
        assert ended.summary[name] == expected[name]
    assert ended.summary["fetched_split"] == expected["fetched_split"]
    found, simulated = (folder / "metrics.jsonl" for folder in (ended.folder, tmp_path / "run"))
    line, other = json.loads(found.read_text()), json.loads(simulated.read_text())
    timeless = {"seconds": 0, "seconds_by_phase": {}}
    assert line | timeless == other | timeless


def test_sockets_carry_more_than_payloads(ended: Ended) -> None:
    federation = ended.summary["federation"]
    assert ended.sockets["down"] > federation["messages_sent"]["size"] > 0
    assert ended.sockets["up"] > federation["messages_received"]["size"] > 0
    assert sum(node["up"] for node in ended.sockets["by_node"]) == ended.sockets["up"]


def test_nodes_keep_their_clients_to_themselves_and_recommend(ended: Ended) -> None:
    places = [ended.folder / "nodes" / f"node-{number}" for number in range(2)]
    memories = [remember(place) for place in places]
    clients = {client for memory in memories for client in memory.clients.tolist()}
    assert clients == set(client_keys(people().user_ids).tolist())
    assert [memory.version for memory in memories] == [2, 2]
    user = (places[1] / "interactions.csv").read_text().splitlines()[1].split(",")[0]
    assert len(load_node(places[1]).recommend(user, 3)) == 3


@pytest.mark.parametrize("who", ["without a key", "with an unknown key", "with another root"])
def test_a_stranger_is_turned_away(ended: Ended, who: str) -> None:
    status, said = ended.strangers[who]
    assert status not in {None, 0}
    assert "SuperNode ID" not in said
    assert ended.summary["federation"]["nodes"] == 2


@pytest.mark.parametrize("command", list(COMMANDS))
def test_only_the_operator_controls(ended: Ended, command: str) -> None:
    """At every address: of the SuperLink, of both relays and of both nodes."""
    assert ended.superlink in ended.knocks
    assert len(ended.knocks) == 5
    refused = {port: found[command] for port, found in ended.knocks.items()}
    assert all(status not in {0, None} for status in refused.values()), refused
    assert ended.summary["federation"]["nodes"] == 2


def test_tasks_are_for_those_who_know_the_secret(ended: Ended) -> None:
    statuses = [status for found in ended.tasks.values() for status in found]
    assert statuses.count(401) == 2 * 5
    assert set(statuses) == {401}


def test_nodes_run_no_app_but_their_own(ended: Ended) -> None:
    """Although the operator started it, and its server's side ran."""
    assert (ended.app / "loaded").exists()
    assert not (ended.app / "ran-on-a-node").exists()
    replies = (ended.app / "replies").read_text().splitlines()
    assert replies == ["the node failed; its own log says why"] * 2


def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    """Not even processes that left their group, nor the folder with the keys."""
    script = (
        "import subprocess, sys, time\n"
        "from pathlib import Path\n"
        "from fedras.flower.processes import Processes\n"
        'child = \'import subprocess, sys, time; subprocess.Popen([sys.executable, "-c", '
        '"import time; time.sleep(600)"], start_new_session=True); time.sleep(600)\'\n'
        "with Processes(Path(sys.argv[1]), {}) as processes:\n"
        "    processes.start('child', [sys.executable, '-c', child, sys.argv[1]])\n"
        "    (processes.scratch / 'secret.key').touch()\n"
        "    print(processes.scratch, flush=True)\n"
        "    time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"FEDRAS_TEST": str(tmp_path)},
    )
    assert parent.stdout is not None
    scratch = Path(parent.stdout.readline().decode().strip())
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert (scratch / "secret.key").exists()
    await_count(tmp_path, 4)  # parent, guard, child and its child
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    await_count(tmp_path, 0)
    assert not scratch.exists()


def await_count(folder: Path, wanted: int) -> None:
    give_up = time.monotonic() + PATIENCE
    while len(related(folder)) != wanted:
        assert time.monotonic() < give_up, related(folder)
        time.sleep(0.05)


def related(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"FEDRAS_TEST={folder}".encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
