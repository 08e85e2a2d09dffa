"""What happens to a federation of real processes when parts of it are killed, stalled or full.

Writes ``results/faults.jsonl`` and the section in ``docs/federation.md``. Half an hour in all;
what is done is not run again. ``--only NAME`` runs one disturbance for a test.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, Result, described, machine, wrapped

from fedras.components import interactions_of, make_config
from fedras.experiments.task import in_paper
from fedras.flower.loopback import Loopback
from fedras.nodes.node.memory import remember
from fedras.report.sections import replace_section
from fedras.run.folder import RunFolder
from fedras.run.training import train

PAGE = Path(__file__).parent.parent / "docs" / "federation.md"
KEPT = RESULTS / "faults.jsonl"
REPLY = 60.0  # seconds that a node has to answer
GIVEN: dict[str, Any] = {
    "dataset": "synthetic",
    "users": 400,
    "items": 500,
    "interactions": 16000,
    "compression_rate": 0.9,
    "client_fraction": 0.3,
    "threads": 1,
}
Act = Callable[[Loopback, int], None]
"""Called with the number of rounds done, each time that it has changed."""


@dataclass(frozen=True)
class Disturbance:
    """What is done to how many nodes in how many rounds."""

    what: str
    act: Act
    nodes: int = 4
    rounds: int = 14


def nothing(_: Loopback, __: int) -> None:
    """Disturb nothing."""


def kill_node(running: Loopback, done: int) -> None:
    """Kill a node in the middle of the fourth round."""
    if done == 3:
        kill(running.supernodes[0])


def hold_two(running: Loopback, done: int) -> None:
    """Kill two nodes after three rounds; they are back ten rounds later."""
    if done == 3:
        running.held |= {0, 1}
        for number in (0, 1):
            kill(running.supernodes[number])
    if done == 13:
        running.held.clear()


def hold_long(running: Loopback, done: int) -> None:
    """Kill a node after two rounds; it is back thirty rounds later."""
    if done == 2:
        running.held.add(0)
        kill(running.supernodes[0])
    if done == 32:
        running.held.clear()


def kill_superlink(running: Loopback, done: int) -> None:
    """Kill the SuperLink after three rounds."""
    if done == 3:
        kill(running.superlink)


def kill_server(running: Loopback, done: int) -> None:
    """Kill the server's process in the middle of the fourth round."""
    if done == 3:
        for process in running.processes.running("flwr-serverapp"):
            os.kill(process, signal.SIGKILL)


def stall_node(running: Loopback, done: int) -> None:
    """Stop a node, with all its processes, for four rounds."""
    if done in {3, 7}:
        number = signal.SIGSTOP if done == 3 else signal.SIGCONT
        os.killpg(running.supernodes[0].pid, number)


def fill_disk(running: Loopback, done: int) -> None:
    """Leave a node no space on its disk, for four rounds."""
    place = running.folder / "nodes" / "node-0"
    ballast = place / "ballast"
    if done == 3:
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
    if done == 7:
        ballast.unlink(missing_ok=True)


DISTURBANCES = {
    "none": Disturbance("nothing", nothing),
    "node": Disturbance("kill -9 of a node in mid-round", kill_node),
    "two nodes": Disturbance("two of eight nodes gone for ten rounds", hold_two, 8, 17),
    "thirty rounds": Disturbance("a node back after thirty rounds", hold_long, 4, 60),
    "superlink": Disturbance("kill -9 of the SuperLink", kill_superlink),
    "server": Disturbance("kill -9 of the server's process in mid-round", kill_server),
    "stall": Disturbance("a node stopped for four rounds", stall_node),
    "disk": Disturbance("a node's disk full for four rounds", fill_disk),
}


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def disturbed(name: str, folder: Path) -> Result:
    """Run a federation with a disturbance; return how it fared."""
    disturbance = DISTURBANCES[name]
    given = GIVEN | {"rounds": disturbance.rounds, "eval_every": disturbance.rounds}
    config = make_config(in_paper(given))
    interactions = interactions_of(config)
    expected = list(train(config, interactions=interactions))[-1].metrics
    run = RunFolder(folder / "run")
    run.create(config)
    run.release()
    federation = Loopback(run.path, interactions, disturbance.nodes, (REPLY, 300.0, 300.0))
    last = -1
    with small_disk(run.path / "nodes" / "node-0", name == "disk"), federation as running:
        for status in running.watch():
            if status is not None and status["round"] != last:
                last = status["round"]
                disturbance.act(running, last)
    summary, checkpoint = run.summary(), run.checkpoint()
    if summary is None or checkpoint is None:
        raise RuntimeError(f"the run in {run.path} did not end")
    return {
        "name": name,
        "disturbance": disturbance.what,
        "nodes": disturbance.nodes,
        "rounds": checkpoint.values["state"]["round"],
        "replicas_equal": [
            same(run.path / "nodes" / f"node-{n}", checkpoint) for n in range(disturbance.nodes)
        ],
        "metrics": summary["metrics"],
        "undisturbed": expected,
        "left_out": sum(summary["federation"]["left_out"].values()),
        "seconds": summary["seconds"],
    }


def same(node: Path, checkpoint: Any) -> bool:
    """Return whether a node holds the server's newest version, bit for bit."""
    memory = remember(node)
    history, arrays = checkpoint.values["state"]["history"], checkpoint.arrays
    newest = bytes.fromhex(history["tags"][-1])
    return memory.tag == newest and np.array_equal(memory.arrays["replicas"], arrays["replicas"])


@contextmanager
def small_disk(place: Path, wanted: bool) -> Iterator[None]:
    """Give a node a disk of 2 MB, if ``wanted``; that takes the right to mount."""
    if not wanted:
        yield
        return
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=True)  # noqa: S607
    try:
        yield
    finally:
        copy = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
        subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607
        for name, content in copy.items():
            (place / name).write_bytes(content)


def main() -> None:
    """Run what is asked for, by default what ``results/faults.jsonl`` lacks; write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=DISTURBANCES, help="run one and print it, no more")
    only = parser.parse_args().only
    kept = {run["name"]: run for run in map(json.loads, KEPT.read_text().splitlines())}
    for name in [only] if only else [name for name in DISTURBANCES if name not in kept]:
        with tempfile.TemporaryDirectory() as folder:
            kept[name] = disturbed(name, Path(folder)) | {"made_on": machine("flwr")}
        print(json.dumps(kept[name]), flush=True)
        if not only:
            with KEPT.open("a") as file:
                file.write(json.dumps(kept[name]) + "\n")
            write([kept[name] for name in DISTURBANCES if name in kept])


def write(runs: list[Result]) -> None:
    """Write the section of the page."""
    head = (
        "| disturbance | nodes, rounds | run ended | replicas equal | times a node was left out "
        "| HR@10 / NDCG@10 | undisturbed |\n|---|---|---|---|---|---|---|\n"
    )
    note = wrapped(
        "*Replicas equal*: nodes that hold the server's newest version in the end, bit for bit. "
        f"Measured on {described(runs[-1]['made_on'])}; all in `results/faults.jsonl`."
    )
    replace_section(PAGE, "faults", head + "".join(map(row, runs)) + "\n" + note + "\n")


def row(run: Result) -> str:
    """Return a line of the table."""
    equal = f"{sum(run['replicas_equal'])} of {run['nodes']}"
    quality = [
        f"{each['hr@10']:.4f} / {each['ndcg@10']:.4f}"
        for each in (run["metrics"], run["undisturbed"])
    ]
    return (
        f"| {run['disturbance']} | {run['nodes']}, {run['rounds']} | yes | {equal} "
        f"| {run['left_out']} | {quality[0]} | {quality[1]} |\n"
    )


if __name__ == "__main__":
    KEPT.touch()
    main()
