"""Where a round's time goes, next to what this machine's arithmetic and memory allow.

A stage can take no less time than its arithmetic takes at the peak of the processor, and no less
than its bytes take at the peak of the memory. Both peaks are measured here: the arithmetic of a
large float32 product (a BLAS on one thread), the bytes of a copy of 256 MB (read and write). What a
stage has to do at least is counted from the round itself: `least` says how. Stages are timed on one
thread, each without the stages that it calls; the median of the rounds counts.

    python benchmarks/roofline.py
"""

import time
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from measure import PAGE, Result, described, keep, machine, seconds, wrapped
from threadpoolctl import threadpool_limits

from fedras.aggregation import mean as average
from fedras.codecs import Updates
from fedras.components import make_config
from fedras.core import clustering, coding, training
from fedras.experiments.task import in_paper
from fedras.federation.client import Silo
from fedras.federation.server import Server
from fedras.federation.simulator import Simulation
from fedras.report.sections import replace_section

GIVEN = {"dataset": "ml-100k", "actions": 8, "error_feedback": True, "threads": 1}
WARM, ROUNDS = 30, 200
FLOAT, INDEX, DOUBLE = 4, 4, 8
SERVER = "clustering, server"
SIGMOID = 20  # operations, counted in `core/training/sigmoid.hpp`

STAGES: dict[str, list[tuple[Any, str]]] = {
    "local training": [(training, "train_mf")],
    "clustering, clients": [(clustering, "cluster_all")],
    "entropy coding": [
        (coding, "pack_row_sets"),
        (coding, "unpack_row_sets"),
        (coding, "pack_choices"),
        (coding, "unpack_choices"),
    ],
    "sums by item": [(average, "add_up")],
    SERVER: [(clustering, "cluster"), (clustering, "split")],
    "clients, rest": [(Silo, "train"), (Silo, "receive")],
    "server, rest": [(Server, "decode"), (Server, "average"), (Server, "publish")],
}


class Work(NamedTuple):
    """What a stage does at least: floating point operations, and bytes read or written."""

    operations: float
    moved: float


def least(simulation: Simulation, rows: int, samples: int) -> dict[str, Work]:
    """Return the least work of the stages that compute.

    Local training: a product with each sample's row, the sigmoid, the gradient of the user and the
    step of the row; the rows are read from the replica and their changes written. Clustering: a
    client's row is compared with two of the centres and added to a mean, a row of the server's with
    all of them in each iteration. Sums: an addition for each number. Coding has no arithmetic.
    """
    n_items, d = simulation.server.items.shape
    k = simulation.server.streams[0].budget
    touched = rows * d
    return {
        "local training": Work(samples * (7 * d + SIGMOID), 2 * touched * FLOAT),
        "clustering, clients": Work(7 * touched, touched * FLOAT),
        "entropy coding": Work(0, 4 * rows * INDEX),
        "sums by item": Work(touched, 2 * rows * INDEX + n_items * d * DOUBLE),
        SERVER: Work(10 * n_items * k * 2 * d, n_items * d * FLOAT),
    }


class Clock:
    """Times functions, each without the timed functions that it calls."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = 0.0

    def watch(self, owner: Any, name: str, stage: str) -> None:
        """Put a timed function in the place of ``owner.name``."""
        function = getattr(owner, name)

        def timed(*args: Any, **options: Any) -> Any:
            # The server's clustering calls what the clients' does.
            self._switch([*self._running, SERVER if SERVER in self._running else stage])
            try:
                return function(*args, **options)
            finally:
                self._switch(self._running[:-1])

        setattr(owner, name, timed)

    def _switch(self, running: list[str]) -> None:
        now = time.perf_counter()
        if self._running:
            self.spent[self._running[-1]] += now - self._since
        self._running, self._since = running, now


def peaks() -> tuple[float, float]:
    """Return operations and bytes a second, on one thread."""
    a = np.ones((1536, 1536), np.float32)
    source = np.ones(1 << 25, np.float64)
    target = np.empty_like(source)
    with threadpool_limits(1):
        product = min(seconds(lambda: a @ a) for _ in range(9))
    copy = min(seconds(lambda: np.copyto(target, source)) for _ in range(9))
    return 2 * len(a) ** 3 / product, 2 * source.nbytes / copy


def profile() -> Result:
    """Time the stages of many rounds and compare them with the peaks."""
    simulation = Simulation(make_config(in_paper(GIVEN)))
    for _ in range(WARM):
        simulation.step()
    rows: list[int] = []
    train = type(simulation.method).train

    def recording(*args: Any) -> Any:
        updates, models = train(*args)
        rows.append(int(Updates.of(updates).counts.sum()))
        return updates, models

    clock = Clock()
    type(simulation.method).train = recording  # type: ignore[method-assign, assignment]
    for stage, functions in STAGES.items():
        for owner, name in functions:
            clock.watch(owner, name, stage)
    records: defaultdict[str, list[float]] = defaultdict(list)
    config, split = simulation.config, simulation.split
    for _ in range(ROUNDS):
        clock.spent.clear()
        rows.clear()
        cohort = simulation.server.select()
        whole = seconds(simulation.step)
        for stage, spent in clock.spent.items():
            records[stage].append(spent)
        records["all"].append(whole)
        records["other"].append(whole - sum(clock.spent.values()))
    positives = int((split.indptr[cohort + 1] - split.indptr[cohort]).sum())
    samples = positives * config.local_epochs * (1 + config.negatives)
    arithmetic, memory = peaks()
    work = least(simulation, sum(rows), samples)
    return {
        "gigaflops": arithmetic / 1e9,
        "gigabytes_per_second": memory / 1e9,
        "milliseconds": {stage: 1e3 * float(np.median(own)) for stage, own in records.items()},
        "operations": {stage: own.operations for stage, own in work.items()},
        "bytes": {stage: own.moved for stage, own in work.items()},
        "bound_milliseconds": {
            stage: 1e3 * max(own.operations / arithmetic, own.moved / memory)
            for stage, own in work.items()
        },
    }


def page(result: Result) -> str:
    """Return the section of the documentation."""
    taken, bound = result["milliseconds"], result["bound_milliseconds"]
    lines = [
        wrapped(
            f"MF on `ml-100k`, 94 clients, 8 actions, one thread; {described(result['machine'])}.",
            f"Peaks of one thread: {result['gigaflops']:.0f} GFLOP/s, and",
            f"{result['gigabytes_per_second']:.1f} GB/s. *Bound* is the time of the stage's least",
            "work at these peaks.",
        ),
        "",
        "| stage | MFLOP | MB | bound, ms | ms | share of bound |",
        "|---|---|---|---|---|---|",
    ]
    for stage in [*STAGES, "other"]:
        cells = ["", "", "", f"{taken[stage]:.2f}", ""]
        if stage in bound:
            cells[0] = f"{result['operations'][stage] / 1e6:.1f}"
            cells[1] = f"{result['bytes'][stage] / 1e6:.1f}"
            cells[2] = f"{bound[stage]:.2f}"
            cells[4] = f"{bound[stage] / taken[stage]:.0%}"
        lines.append(f"| {stage} | " + " | ".join(cells) + " |")
    total = sum(bound.values())
    lines.append(f"| all | | | {total:.2f} | {taken['all']:.2f} | {total / taken['all']:.0%} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print JSON, keep it, and write the table."""
    result: Result = {"machine": machine("threadpoolctl")} | profile()
    keep("roofline", result)
    replace_section(PAGE, "roofline", page(result))


if __name__ == "__main__":
    main()
