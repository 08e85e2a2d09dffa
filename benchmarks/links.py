"""Round times over slow links, with one rate for all and with rates that fit each link.

ML-100K in the simulator; a client's time is what it really fetches and sends in a round over the
speed of its link, and a round lasts as long as its slowest client. Writes ``results/links.json``
and the section in ``docs/federation.md``.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measure import Result, described, keep, machine, wrapped

from fedras import data
from fedras.arrays import Float64s, Int64s
from fedras.config import Config
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.experiments.task import in_paper
from fedras.federation.plan import Plan, write_rates
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Broadcast, Upload
from fedras.methods.fedras import FedRAS
from fedras.report.sections import replace_section

PAGE = Path(__file__).parent.parent / "docs" / "federation.md"
ROUNDS, TARGET = 300, 2.0
KINDS = {  # bytes per second, and the share of clients
    "64 kbit/s": (8_000, 0.1),
    "256 kbit/s": (32_000, 0.2),
    "1 Mbit/s": (125_000, 0.4),
    "10 Mbit/s": (1_250_000, 0.3),
}


class Timed:
    """A transport that notes how long each client's transfers take."""

    def __init__(self, simulation: Simulation, speeds: Float64s) -> None:
        self.silo, self.carry = simulation.silo, simulation.transport
        self.speeds, self.seconds = speeds, np.zeros(0)

    def __call__(self, broadcast: Broadcast, cohort: Int64s) -> Sequence[Upload | None]:
        """Pass everything on."""
        uploads = self.carry(broadcast, cohort)
        down = np.array([len(each) for each in broadcast.items] or [0] * len(self.silo.budgets))
        up = np.array([len(u.items) + len(u.scoring) if u else 0 for u in uploads])
        self.seconds = (down[self.silo.stream[cohort]] + up) / self.speeds[cohort]
        return uploads


def main() -> None:
    """Run both ways and write them down."""
    interactions = data.load("ml-100k")
    chance = np.random.default_rng(0)
    shares = [share for _, share in KINDS.values()]
    kind = chance.choice(len(KINDS), interactions.n_users, p=shares)
    speeds = np.array([speed for speed, _ in KINDS.values()], np.float64)[kind]
    planned = Plan(FedRAS(), interactions.n_items, Config.model_validate(in_paper({})).dim)
    rates = np.array(list(map(planned.rate, planned.fit(speeds.tolist(), TARGET, levels=5))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rates.csv"
        write_rates(interactions.user_ids.tolist(), rates.tolist(), path)
        ways: dict[str, dict[str, Any]] = {
            "no compression": {"compression_rate": 0.0},
            "one rate, 90.63%": {"compression_rate": 0.9063},
            "one rate, 96.88%": {"compression_rate": 0.9688},
            "rates that fit": {"rate_file": path},
            "rates that fit, error feedback": {"rate_file": path, "error_feedback": True},
        }
        runs = [timed(name, given, speeds) for name, given in ways.items()]
    found, counts = np.unique(rates, return_counts=True)
    result: Result = {
        "made_on": machine(),
        "rounds": ROUNDS,
        "target_seconds": TARGET,
        "links": KINDS,
        "rates": dict(zip(map(str, found.tolist()), counts.tolist(), strict=True)),
        "runs": runs,
    }
    keep("links", result)
    write(result)


def timed(name: str, given: dict[str, Any], speeds: Float64s) -> Result:
    """Return how long rounds take and how good the replicas get."""
    running = Simulation(Config.model_validate(in_paper(given | {"rounds": ROUNDS})))
    running.transport = timer = Timed(running, speeds)
    evaluation = Evaluation(running.interactions, running.split, Config().eval_negatives)
    rounds, within = [], []
    for _ in range(ROUNDS):
        running.step()
        rounds.append(float(timer.seconds.max()))
        within.append(float((timer.seconds <= TARGET).mean()))
    silo = running.silo
    held = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    return {
        "name": name,
        "seconds": [float(value) for value in np.percentile(rounds, [50, 90, 100])],
        "clients_within_target": float(np.mean(within)),
        "metrics": evaluation.sampled(running.model, held),
    }


def write(result: Result) -> None:
    """Write the section of the page."""
    links = ", ".join(f"{share:.0%} {name}" for name, (_, share) in result["links"].items())
    table = (
        "| | s a round: median, 90 %, longest | clients within 2 s | HR@10 / NDCG@10 |\n"
        "|---|---|---|---|\n"
    )
    for run in result["runs"]:
        seconds = ", ".join(f"{value:.1f}" for value in run["seconds"])
        quality = " / ".join(f"{value:.4f}" for value in run["metrics"].values())
        table += f"| {run['name']} | {seconds} | {run['clients_within_target']:.1%} | {quality} |\n"
    levels = len(result["rates"])
    note = wrapped(
        f"ML-100K, {result['rounds']} rounds in the simulator; links: {links}. "
        f"{levels} distinct rates. Times are bytes over the speed of the link, without latency. "
        f"Computed on {described(result['made_on'])}; all in `results/links.json`."
    )
    replace_section(PAGE, "links", table + "\n" + note + "\n")


if __name__ == "__main__":
    main()
