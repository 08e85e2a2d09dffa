"""A federation of processes next to the simulator: equal metrics, bytes on sockets, round times.

Writes ``results/federation.json`` and the section in ``docs/federation.md``. Each federation takes
minutes, as Flower's polling sets its pace; finished ones in ``--folder`` are not run again.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from measure import RESULTS, Result, described, keep, machine, wrapped

import fedras
from fedras.components import make_config
from fedras.report.sections import replace_section

PAGE = Path(__file__).parent.parent / "docs" / "federation.md"
QUALITY = ("metrics", "metrics_full", "server_metrics")
BYTES = ("uplink_split", "downlink_split", "fetched_split")
RUNS: dict[str, tuple[int, dict[str, Any]]] = {
    "4 nodes": (4, {"rounds": 50}),
    "8 nodes": (8, {"rounds": 50}),
    "4 nodes, no compression": (4, {"rounds": 10, "compression_rate": 0.0}),
    "4 nodes, 8 actions": (4, {"rounds": 10, "actions": 8, "error_feedback": True}),
}


def main() -> None:
    """Run what is missing, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where runs are kept")
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS), help="only these")
    given = parser.parse_args()
    rows = [measured(name, *RUNS[name], given.folder) for name in given.runs]
    result: Result = {"made_on": machine("flwr"), "dataset": "ml-100k", "runs": rows}
    keep("federation", result)
    write(result)


def measured(name: str, nodes: int, given: dict[str, Any], folder: Path) -> Result:
    """Return what a federation and the simulator gave."""
    out = folder / name.replace(" ", "-").replace(",", "")
    if not (out / "summary.json").exists():
        options = [part for key, value in given.items() for part in ("--set", f"{key}={value}")]
        options = [option.replace("True", "true") for option in options]
        resume = ["--resume"] if out.exists() else []
        command = ["-m", "fedras", "federate", "--nodes", str(nodes), *options, *resume]
        command += ["--reply-timeout", "600"]  # equal metrics need every node in every round
        subprocess.run([sys.executable, *command, "--out", str(out)], check=True)
    found = json.loads((out / "summary.json").read_text())
    reference = folder / f"{out.name}-simulated"
    if not (reference / "summary.json").exists():
        for _ in fedras.train(make_config({"dataset": "ml-100k", **given}), out=reference):
            pass
    expected = json.loads((reference / "summary.json").read_text())
    same = [key for key in (*QUALITY, *BYTES) if found[key] == expected[key]]
    federation = found["federation"]
    return {
        "name": name,
        "nodes": nodes,
        "given": given,
        "metrics": found["metrics"],
        "equal": same,
        "lines_equal": lines(out) == lines(reference),
        "seconds_per_round": found["seconds"] / found["rounds"],
        "messages": {way: federation[f"messages_{way}"] for way in ("sent", "received")},
        "sockets": federation["sockets"],
        "left_out": federation["left_out"],
    }


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return the metrics of a run without the time they took."""
    text = (folder / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in text]


def write(result: Result) -> None:
    """Write the section of the page."""
    head = (
        "| federation | rounds | metrics, bytes | s a round | payloads per message, down, up "
        "| sockets per message, down, up | Flower adds |\n|---|---|---|---|---|---|---|\n"
    )
    table = head + "".join(map(row, result["runs"]))
    note = wrapped(
        "Bytes are means over all messages, those that join nodes and evaluate included. "
        "*Payloads* are what `summary.json` counts as handed to Flower, *sockets* what a relay "
        "between SuperNodes and SuperLink carried, TLS, polls and heartbeats included. Measured "
        f"on {described(result['made_on'])}; all in `results/federation.json`."
    )
    replace_section(PAGE, "measured", table + "\n" + note + "\n")


def row(run: Result) -> str:
    """Return a line of the table."""
    count = run["messages"]["sent"]["count"]
    payload = [run["messages"][way]["size"] / count for way in ("sent", "received")]
    carried = [run["sockets"][way] / count for way in ("down", "up")]
    added = (sum(carried) - sum(payload)) / 2
    equal = len(run["equal"]) == len(QUALITY) + len(BYTES) and run["lines_equal"]
    return (
        f"| {run['name']} | {run['given']['rounds']} | {'all equal' if equal else 'DIFFER'} "
        f"| {run['seconds_per_round']:.1f} | {payload[0]:,.0f}, {payload[1]:,.0f} "
        f"| {carried[0]:,.0f}, {carried[1]:,.0f} | {added:,.0f} a message |\n"
    )


if __name__ == "__main__":
    RESULTS.mkdir(exist_ok=True)
    main()
