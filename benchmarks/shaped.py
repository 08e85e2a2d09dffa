"""Round times of a real federation over slow links, with one rate for all and rates that fit.

Four nodes on ML-100K, each behind a link of its own: Linux shapes the ports of the relays in a
network namespace (takes root, ``unshare``, ``ip`` and ``tc``). The speed of each link is measured
through it, and rates are fitted to what is measured. Writes ``results/shaped.json`` and the section
in ``docs/federation.md``; takes a quarter of an hour. With names of ways, only these run again.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from measure import RESULTS, Result, described, keep, machine, wrapped

from fedras import data
from fedras.components import make_config
from fedras.config import Config
from fedras.data import Interactions
from fedras.experiments.task import in_paper
from fedras.federation.plan import Plan, write_rates
from fedras.flower.loopback import Loopback
from fedras.methods.fedras import FedRAS
from fedras.nodes.split import node_of
from fedras.report.sections import replace_section
from fedras.run.folder import RunFolder

PAGE = Path(__file__).parent.parent / "docs" / "federation.md"
KEPT = RESULTS / "shaped.json"
INSIDE = "FEDRAS_SHAPED"
TARGET = 5.0  # seconds for a node's transfers of a round
LINKS = {"512 kbit/s": 64_000, "1 Mbit/s": 125_000, "4 Mbit/s": 500_000, "16 Mbit/s": 2_000_000}
PROBE = 3.0  # seconds that measuring a link takes
NO_LIMIT = "one rate, 96.88%, no limit"
PATIENCE = 600.0, 300.0, 300.0


def main() -> None:
    """Enter a namespace; run all ways there and write them down."""
    if INSIDE not in os.environ:
        command = ["unshare", "--net", sys.executable, *sys.argv]
        done = subprocess.run(command, env=os.environ | {INSIDE: "1"}, check=False)
        raise SystemExit(done.returncode)
    run("ip link set lo up mtu 1500")
    run("tc qdisc add dev lo root handle 1: htb default 1")
    run("tc class add dev lo parent 1: classid 1:1 htb rate 10gbit quantum 60000")
    interactions = data.load("ml-100k")
    measured = [measure(number, speed) for number, speed in enumerate(LINKS.values())]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rates.csv"
        rates = fitted(interactions, measured)
        write_rates(interactions.user_ids.tolist(), rates.tolist(), path)
        ways: dict[str, dict[str, Any]] = {
            "no compression": {"compression_rate": 0.0, "rounds": 4},
            "one rate, 90.63%": {"compression_rate": 0.9063},
            "one rate, 96.88%": {"compression_rate": 0.9688},
            "rates that fit": {"rate_file": path, "error_feedback": True},
            NO_LIMIT: {"compression_rate": 0.9688},
        }
        again = sys.argv[1:]
        before = json.loads(KEPT.read_text())["runs"] if again else []
        kept = {run["name"]: run for run in before}
        kept |= {name: timed(name, ways[name], interactions) for name in again or ways}
        runs = [kept[name] for name in ways]
    result: Result = {
        "made_on": machine("flwr"),
        "links": LINKS,
        "measured": measured,
        "rates": sorted(set(rates.tolist())),
        "target_seconds": TARGET,
        "runs": runs,
    }
    keep("shaped", result)
    write(result)


def run(command: str) -> None:
    """Run a command of the system."""
    subprocess.run(command.split(), check=True)


def shape(number: int, port: int, speed: int) -> None:
    """Let what goes to and from ``port`` have so many bytes per second, each way."""
    for way, end in enumerate(("dport", "sport")):
        group, rate = f"1:{10 + 2 * number + way}", f"{8 * speed}bit"
        run(f"tc class replace dev lo parent 1: classid {group} htb rate {rate} quantum 1514")
        run(
            f"tc filter add dev lo protocol ip parent 1: prio 1 u32 "
            f"match ip {end} {port} 0xffff flowid {group}"
        )


def measure(number: int, speed: int) -> float:
    """Return the bytes per second that a transfer through a shaped port reaches."""
    size = int(PROBE * speed)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        shape(number, port, speed)

        def send() -> None:
            with listener.accept()[0] as near:
                near.sendall(bytes(size))

        threading.Thread(target=send, daemon=True).start()
        with socket.create_connection(("127.0.0.1", port)) as far:
            start, found = time.perf_counter(), 0
            while part := far.recv(1 << 16):
                found += len(part)
            return found / (time.perf_counter() - start)


def fitted(interactions: Interactions, speeds: list[float]) -> Any:
    """Return the rates of all users: those of a node that train in a round share its link."""
    node = np.asarray(node_of(interactions, len(speeds)))
    config = Config.model_validate(in_paper({}))
    users = np.bincount(node, minlength=len(speeds)) * config.client_fraction
    each = (np.array(speeds) / users)[node]
    planned = Plan(FedRAS(), interactions.n_items, config.dim)
    return np.array(list(map(planned.rate, planned.fit(each.tolist(), TARGET, levels=5))))


def timed(name: str, given: dict[str, Any], interactions: Interactions) -> Result:
    """Return the seconds between the ends of rounds, without the first, in which nodes start."""
    config = make_config(in_paper({"dataset": "ml-100k", "rounds": 10, "eval_every": 1000} | given))
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "run")
        run.create(config)
        run.release()
        ends: dict[int, float] = {}
        with Loopback(run.path, interactions, len(LINKS), PATIENCE) as running:
            for number, speed in enumerate(LINKS.values()) if name != NO_LIMIT else ():
                shape(number, running.relays[number].port, speed)
            for status in running.watch():
                if status is not None:
                    ends.setdefault(status["round"], time.perf_counter())
            carried = running.traffic()
        took = np.diff([ends[number] for number in sorted(ends) if number])
        bytes_ = {way: carried[way] / config.rounds / len(LINKS) for way in ("down", "up")}
    found = {"name": name, "rounds": config.rounds, "seconds": took.tolist(), "bytes": bytes_}
    print(found, flush=True)
    return found


def write(result: Result) -> None:
    """Write the section of the page."""
    table = (
        "| | s a round: median, longest | bytes of a node and round, down, up |\n|---|---|---|\n"
    )
    for each in result["runs"]:
        times = each["seconds"]
        carried = ", ".join(f"{each['bytes'][way]:,.0f}" for way in ("down", "up"))
        table += f"| {each['name']} | {median(times):.1f}, {max(times):.1f} | {carried} |\n"
    speeds = ", ".join(
        f"{name} ({found / 1000:.0f} kB/s)"
        for name, found in zip(result["links"], result["measured"], strict=True)
    )
    rates = ", ".join(f"{rate:.2%}" for rate in result["rates"])
    note = wrapped(
        f"ML-100K, four nodes, TLS; links, and what was measured through them: {speeds}. Rates "
        f"that fit {result['target_seconds']:.0f} s: {rates}. Flower's polls and processes are in "
        "all times, joining and the last evaluation in all bytes. "
        f"Measured on {described(result['made_on'])}; all in `results/shaped.json`."
    )
    replace_section(PAGE, "shaped", table + "\n" + note + "\n")


if __name__ == "__main__":
    main()
