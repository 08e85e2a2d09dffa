"""Large runs and short waits: each is measured by itself and kept under its name.

python benchmarks/large.py ml-1m|startup|ranking|million|items
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import PAGE, RESULTS, Result, described, keep, machine, quartiles, seconds, wrapped

from fedras.components import make_config
from fedras.evaluation.scores import Ranked
from fedras.experiments.task import in_paper
from fedras.report.sections import replace_section
from fedras.run.training import open_run

FEW = {"actions": 8, "error_feedback": True}
FLAGS = ["--actions", "8", "--error-feedback"]
MILLION = 1_000_000
ROOM = 12 * 2**30  # bytes of addresses for the largest runs: they fail before the machine swaps
GIGA = 2**30


def main() -> None:
    """Measure what is asked for, print JSON, keep it beside the rest, and write the list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=MEASURES)
    name = parser.parse_args().name
    path = RESULTS / "large.json"
    result: Result = json.loads(path.read_text("utf-8")) if path.exists() else {}
    result[name] = {"machine": machine()} | MEASURES[name]()
    keep("large", result)
    replace_section(PAGE, "large", page(result))


def ml_1m() -> Result:
    """Train on MovieLens-1M: 500 rounds of 604 clients, evaluated every 25."""
    command("train", *FLAGS, "--rounds", "1", "--dataset", "ml-1m")  # fetches
    taken, memory, output = command("train", *FLAGS, "--dataset", "ml-1m", "--json")
    summary = json.loads(output)
    names = ("metrics", "wire_compression_rate", "uplink_bytes_per_client_round")
    return {"seconds": taken, "gigabytes": memory, **{name: summary[name] for name in names}}


def startup() -> Result:
    """Wait for the help, and for the first round of a cached install."""
    command("train", *FLAGS, "--rounds", "1")
    helped = [command("--help")[0] for _ in range(10)]
    return {
        "help": quartiles(helped),
        "first_round": quartiles([first_round() for _ in range(5)]),
        "one_round": quartiles([command("train", *FLAGS, "--rounds", "1")[0] for _ in range(5)]),
    }


def first_round() -> float:
    """Return the seconds from the command until its first round is on disk."""
    with tempfile.TemporaryDirectory() as folder:
        metrics = Path(folder) / "run" / "metrics.jsonl"
        start = time.perf_counter()
        options = ("--out", str(metrics.parent), "--set", "eval_every=1")
        words, nowhere = fedras("train", *FLAGS, *options), subprocess.DEVNULL
        with subprocess.Popen(words, stdout=nowhere, stderr=nowhere) as run:
            while run.poll() is None and not (metrics.exists() and metrics.stat().st_size):
                time.sleep(0.002)
            taken = time.perf_counter() - start
            if run.poll() is not None:
                raise SystemExit("fedras train ended before its first round")
            run.terminate()
            run.wait()
    return taken


def command(*arguments: str) -> tuple[float, float, str]:
    """Run ``fedras`` by itself; return seconds, its gigabytes at most, and what it printed."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as output:
        if arguments[0] == "train":
            arguments = (*arguments, "--quiet", "--out", f"{folder}/run")
        start = time.perf_counter()
        # The memory of this child alone, where that of all children is known as well, needs wait4.
        child = subprocess.Popen(fedras(*arguments), stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        taken = time.perf_counter() - start
        if status:
            raise SystemExit(f"fedras {' '.join(arguments)} failed")
        output.seek(0)
        return taken, usage.ru_maxrss * 1024 / GIGA, output.read().decode()


def fedras(*arguments: str) -> list[str]:
    """Return the installed command with arguments."""
    return [str(Path(sys.executable).parent / "fedras"), *arguments]


def ranking() -> Result:
    """Rank every item for every user of MovieLens-1M."""
    run = open_run(make_config(in_paper({"dataset": "ml-1m", **FEW})))
    simulation = run.federation
    simulation.step()
    silo = simulation.silo
    held = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    evaluation = simulation.evaluation
    taken = [seconds(lambda: evaluation.full(simulation.model, held)) for _ in range(8)]
    return {
        "users": len(evaluation.users),
        "items": simulation.interactions.n_items,
        "first": taken[0],
        "seconds": quartiles(taken[1:]),
    }


def million() -> Result:
    """Train a million users on a million items, 1,000 a round."""
    return large(MILLION, MILLION, 50 * MILLION)


def items() -> Result:
    """Train 100,000 users on ten million items, 1,000 a round."""
    return large(MILLION // 10, 10 * MILLION, 20 * MILLION)


def large(users: int, items: int, interactions: int) -> Result:
    """Train on synthetic data of these sizes, 1,000 users a round."""
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
    sizes = {"users": users, "items": items, "interactions": interactions}
    given = {"dataset": "synthetic", "client_fraction": 1_000 / users, **sizes, **FEW}
    start = time.perf_counter()
    run = open_run(make_config(in_paper(given)))
    ready = time.perf_counter() - start
    taken = [seconds(run.federation.step) for _ in range(16)]  # most items are touched after 6
    silo = run.federation.silo
    held = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    evaluated = seconds(lambda: run.federation.evaluation.sampled(run.federation.model, held))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIGA
    uplink = run.federation.step().uplink.per_client
    return {
        **sizes,
        "start": ready,
        "first_round": taken[0],
        "round": quartiles(taken[6:]),
        "evaluation": evaluated,
        "gigabytes": peak,
        "uplink_bytes_per_client_round": float(np.rint(uplink)),
    }


MEASURES = {
    "ml-1m": ml_1m,
    "startup": startup,
    "ranking": ranking,
    "million": million,
    "items": items,
}


def synthetic(result: Result) -> str:
    """Return an item on a run of synthetic data."""
    sizes = [f"{result[name]:,} {name}" for name in ("users", "items", "interactions")]
    return (
        f"{', '.join(sizes)}, 1,000 clients a round: {result['start']:.0f} s to start, "
        f"{result['round'][1]:.2f} s a round, {result['evaluation']:.1f} s for an evaluation of "
        f"all users, {result['gigabytes']:.1f} GB."
    )


def page(result: Result) -> str:
    """Return the section of the documentation: an item for each that has been measured."""
    texts = {
        "ml-1m": lambda r: (
            f"MovieLens-1M, 500 rounds of 604 clients, evaluated every 25, as a command: "
            f"{r['seconds']:.1f} s and {r['gigabytes']:.2f} GB; "
            f"HR@10 {r['metrics']['hr@10']:.4f}."
        ),
        "startup": lambda r: (
            f"`fedras --help`: {r['help'][1]:.2f} s. From the command to the first round of "
            f"`fedras train`, {r['first_round'][1]:.2f} s; a run of one round, "
            f"evaluated in full: {r['one_round'][1]:.2f} s."
        ),
        "ranking": lambda r: (
            f"Full ranking of MovieLens-1M, {r['users']:,} users and {r['items']:,} items: "
            f"{r['seconds'][1]:.3f} s."
        ),
        "million": synthetic,
        "items": synthetic,
    }
    made_on = list(result.values())[-1]["machine"]
    items = [wrapped(f"- {texts[name](result[name])}") for name in MEASURES if name in result]
    setting = wrapped(f"8 actions, error feedback, d = 32; {described(made_on)}.")
    return "\n".join([setting, "", *items, ""])


if __name__ == "__main__":
    main()
