"""A whole simulated round, next to the loop in PyTorch that published code runs.

The peers train one client after another, with `nn.Embedding`, `DataLoader`, `torch.optim.SGD` and
`BCEWithLogitsLoss`: as published code does, and without what need not be (`pytorch_loop`). A client
loads what the server holds, trains, and returns by how much its parameters changed; the server
averages each item over the clients that trained it. They draw negatives once a round instead of
once an epoch, and run on one thread or two, whichever is faster.

fedras does all that it always does, with 8 actions and error feedback: every update is coded,
serialised, parsed and decoded. All train the same cohorts, in turn, and fedras always as long as
the peer before it; a ratio is of one round of the peer to the mean of these rounds of fedras.
PyTorch has a process of its own, so that neither's threads and memory are in the other's way.
`--check` trains all for the same number of rounds and compares what they rank.

Needs PyTorch, and MovieLens-100K or else generated data of its size.

python benchmarks/round.py
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytorch_loop
from measure import PAGE, Result, described, keep, machine, quartiles, seconds, wrapped

from fedras.components import make_config
from fedras.errors import DataError
from fedras.experiments.task import in_paper
from fedras.federation.simulator import Simulation
from fedras.report.sections import replace_section

GENERATED = {"dataset": "synthetic", "users": 943, "items": 1682, "interactions": 100_000}
COMMON = {"error_feedback": True, "actions": 8}
REPEATS = {"mf": 20, "ncf": 15}
WARM, MANY = 20, 100_000  # rounds of fedras before all, and more than it will have done
CHECKED = 100  # rounds of all in the check


def simulate(**given: object) -> Simulation:
    """Return fedras on MovieLens-100K or, where it is not to be had, on generated data."""
    try:
        return Simulation(make_config(in_paper(COMMON | {"dataset": "ml-100k"} | given)))
    except DataError:
        return Simulation(make_config(in_paper(COMMON | GENERATED | given)))


def compare(model: str) -> Result:
    """Time rounds of the peers and of fedras in turn."""
    simulation = simulate(model=model, rounds=MANY)
    for _ in range(WARM):
        simulation.step()
    times: dict[str, list[float]] = {"fedras": []}
    ratios: dict[str, list[float]] = {}
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        threads = other.submit(pytorch_loop.prepare, simulation.config, WARM).result()
        for _ in range(REPEATS[model]):
            for name in threads:
                work = name, simulation.server.select(), simulation.round
                taken = other.submit(pytorch_loop.timed, *work).result()
                own: list[float] = []
                while sum(own) < taken:
                    own.append(seconds(simulation.step))
                times["fedras"] += own
                times.setdefault(name, []).append(taken)
                ratios.setdefault(name, []).append(taken / float(np.mean(own)))
    clients = len(simulation.server.select())
    return {
        "data": simulation.interactions.name,
        "clients": clients,
        "repeats": REPEATS[model],
        "threads": threads,
        "milliseconds": {name: quartiles([1e3 * t for t in own]) for name, own in times.items()},
        "clients_per_second": {name: clients / np.median(own) for name, own in times.items()},
        "faster": {name: quartiles(own) for name, own in ratios.items()},
    }


def check(model: str) -> dict[str, dict[str, float]]:
    """Train all for some rounds and return how well they rank the validation item."""
    config = simulate(model=model, rounds=CHECKED, validation=True).config
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(pytorch_loop.check, config).result()


def page(result: Result) -> str:
    """Return the section of the documentation."""
    data = result["mf"]["data"]
    lines = [
        wrapped(
            f"Rounds of {result['mf']['clients']} clients on `{data}`, d = 32;",
            f"{described(result['machine'])}. Medians, and quartiles in brackets; *faster* is how",
            "many rounds fedras does, all bytes included, in the time of a peer's round.",
        ),
        "",
        "| model | | threads | ms a round | clients/s | faster |",
        "|---|---|---|---|---|---|",
    ]
    for model in REPEATS:
        own = result[model]
        for name, (low, middle, high) in own["milliseconds"].items():
            threads = own["threads"].get(name, result["machine"]["processors"])
            factor = "{1:.1f} ({0:.1f} to {2:.1f})".format(*own["faster"].get(name, [1, 1, 1]))
            who = name if name == "fedras" else f"PyTorch, {name}"
            lines.append(
                f"| {model} | {who} | {threads} | {middle:.1f} ({low:.1f} to {high:.1f}) "
                f"| {own['clients_per_second'][name]:,.0f} | {'' if name == 'fedras' else factor} |"
            )
    told = [
        f"{model}: " + ", ".join(f"{name} {q['hr@10']:.3f}" for name, q in quality.items())
        for model, quality in result.get("check", {}).items()
    ]
    if told:
        lines += [
            "",
            wrapped(f"HR@10 on the validation item after {CHECKED} rounds: {'; '.join(told)}."),
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print JSON, keep it, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="also compare what both learn")
    checked = parser.parse_args().check
    result: Result = {"machine": machine("torch")} | {model: compare(model) for model in REPEATS}
    if checked:
        result["check"] = {model: check(model) for model in REPEATS}
    keep("round", result)
    replace_section(PAGE, "round", page(result))


if __name__ == "__main__":
    main()
