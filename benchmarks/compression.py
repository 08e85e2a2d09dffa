"""How fast the server compresses, next to scikit-learn and faiss, and how that grows.

Needs scikit-learn and faiss-cpu. All rivals run in turn in one process on the same updates, which
are those that a training on Last.fm averages, or on generated data where that is not to be had.

python benchmarks/compression.py
"""

import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np
from measure import RESULTS
from sklearn.cluster import KMeans

from fedras.arrays import Float32s, Int32s
from fedras.codecs import RowUpdate
from fedras.components import make_config
from fedras.core import clustering
from fedras.core.threads import set_threads
from fedras.errors import DataError
from fedras.experiments.task import in_paper
from fedras.federation.simulator import Simulation
from fedras.methods.fedras import FedRAS
from fedras.methods.method import Memory
from fedras.report.sections import replace_section

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
GROUPS, TRAINED, REPEATS = 778, 30, 9  # the paper's Table 6; rounds before the update is taken
MILLION, ACTIONS = 1_000_000, 256
ITERATIONS = 10  # at most, the default on the server
FIXED = [62_500, 125_000, 250_000, 500_000, MILLION]
RATE = [12_500, 25_000, 50_000, 100_000, 200_000, 400_000]
ROWS_PER_GROUP = 16
KEY = np.uint64(1)
COMMON = {"dim": 64, "compression_rate": 0.9375, "rounds": 300}
REAL = {"dataset": "lastfm-2k-repeats"}
GENERATED = {"dataset": "synthetic", "users": 1600, "items": 12_454, "interactions": 120_000}


def main() -> None:
    """Measure, print JSON, keep it, and write the tables."""
    set_threads(None)
    source, updates = gradients()
    rows = np.concatenate(updates)[:MILLION]
    peers = ("scikit-learn", "faiss-cpu", "numpy")
    result = {
        "data": source,
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in peers},
        "one": one_compression(updates[TRAINED - 1]),
        "million": million(rows),
        "fixed_groups": growth(rows, dict.fromkeys(FIXED, ACTIONS)),
        "fixed_rate": growth(rows, {n: n // ROWS_PER_GROUP for n in RATE}),
        "cells": {n: cells(rows[:n]) for n in RATE[1:3]},
    }
    (RESULTS / "compression.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    replace_section(PAGE, "compression", page(result))
    print(json.dumps(result))


def gradients() -> tuple[str, list[Float32s]]:
    """Return where they come from, and the server's mean updates of enough rounds."""
    try:
        simulation = Simulation(make_config(in_paper(COMMON | REAL)))
    except DataError:
        simulation = Simulation(make_config(in_paper(COMMON | GENERATED)))
    server, updates = simulation.server, []
    average = server.average

    def kept(uploads: list[RowUpdate]) -> RowUpdate:
        delta = average(uploads)
        updates.append(delta.values)
        return delta

    server.average = kept  # type: ignore[method-assign, assignment]
    while len(updates) < TRAINED or sum(map(len, updates)) < MILLION:
        simulation.step()
    return simulation.given.dataset, updates


def one_compression(x: Float32s) -> dict[str, Any]:
    """Time flat K-means of all rivals, and all that the server does, in turn."""
    memory = compress(x, GROUPS, {}, 0)  # a second round: there is a threshold
    rivals: dict[str, Callable[[int], Any]] = {
        "scikit-learn": lambda seed: KMeans(GROUPS, n_init=1, random_state=seed).fit(x),
        "faiss": lambda seed: trained_by_faiss(x, seed),
        "fedras, K-means": lambda seed: clustering.cluster(x, GROUPS, ITERATIONS, np.uint64(seed)),
        "fedras, cluster and split": lambda seed: compress(x, GROUPS, memory, seed),
    }
    times: dict[str, list[float]] = {name: [] for name in rivals}
    last = {}
    for seed in range(1, REPEATS + 1):
        for name, rival in rivals.items():
            start = time.perf_counter()
            last[name] = rival(seed)
            times[name].append(time.perf_counter() - start)
    reference = times["scikit-learn"]
    faster = {
        name: [a / b for a, b in zip(reference, own, strict=True)] for name, own in times.items()
    }
    loss = float(last["scikit-learn"].inertia_)
    return {
        "shape": list(x.shape),
        "seconds": {name: spread(own) for name, own in times.items()},
        "faster": {name: spread(own) for name, own in faster.items()},
        "inertia": {
            "scikit-learn": 1.0,
            "faiss": float(last["faiss"].obj[-1]) / loss,
            "fedras, K-means": inertia(x, *last["fedras, K-means"]) / loss,
        },
    }


def trained_by_faiss(x: Float32s, seed: int) -> Any:
    """Return faiss's K-means at its defaults: 25 iterations from random rows."""
    rival = faiss.Kmeans(x.shape[1], GROUPS, seed=seed, min_points_per_centroid=1)
    rival.train(x)
    return rival


def compress(x: Float32s, budget: int, memory: Memory, seed: int) -> Memory:
    """Do all that the server does to send ``x``."""
    update = RowUpdate(np.arange(len(x), dtype=np.int32), x, len(x))
    key = np.uint64(seed)
    payload, memory = FedRAS().compress(update, budget, memory, key, key)
    payload.to_bytes()
    return memory


def million(x: Float32s) -> dict[str, float]:
    """Return the seconds and the extra memory, in matrices, of sending a million rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        np.save(path, x)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            return pool.submit(million_alone, path).result()


def million_alone(path: Path) -> dict[str, float]:
    """Do it in a process whose largest memory so far is the matrix."""
    set_threads(None)
    x = np.load(path)
    compress(x[: len(x) // 50], ACTIONS, {}, 1)
    before = most_memory()
    taken = seconds(lambda: compress(x, ACTIONS, {}, 1))
    return {"seconds": taken, "extra_memory": (most_memory() - before) / x.nbytes}


def most_memory() -> int:
    """Return the most bytes that this process has had so far; Linux counts them."""
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(status["VmHWM"].removesuffix("kB"))


def growth(x: Float32s, groups: dict[int, int]) -> dict[str, Any]:
    """Return the seconds of K-means for some numbers of rows, and the exponent that fits them."""
    for k in {min(groups.values()), max(groups.values())}:
        clustering.cluster(x[: min(groups)], k, ITERATIONS, KEY)
    taken = {
        n: min(seconds(partial(clustering.cluster, x[:n], k, ITERATIONS, KEY)) for _ in "123")
        for n, k in groups.items()
    }
    slope, _ = np.polyfit(np.log(list(taken)), np.log(list(taken.values())), 1)
    return {"seconds": taken, "exponent": float(slope)}


def cells(x: Float32s) -> float:
    """Return the inertia of clustering in cells, as a multiple of that of clustering as a whole."""
    k = len(x) // ROWS_PER_GROUP
    whole, divided = (
        inertia(x, *way(x, k, ITERATIONS, KEY)) for way in (clustering.flat, clustering.in_cells)
    )
    return divided / whole


def inertia(x: Float32s, centroids: Float32s, assignment: Int32s) -> float:
    """Return the sum of the squared distances of the rows to their centroids."""
    return float(((x.astype(np.float64) - centroids[assignment]) ** 2).sum())


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(values: list[float]) -> list[float]:
    """Return the least, the median and the largest."""
    return [min(values), median(values), max(values)]


def page(result: dict[str, Any]) -> str:
    """Return the section of the documentation."""
    one, whole, rate = result["one"], result["million"], result["fixed_rate"]
    names = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    fastest = one["seconds"]["scikit-learn"][0]
    lines = [
        f"Mean updates of a training on `{result['data']}`, {result['processors']} processors;",
        f"{names}.",
        "scikit-learn has one start, faiss its defaults. All ran in turn. Other work may have",
        "shared the processors, from which a threaded BLAS suffers most: the least times are",
        "fairest to it.",
        "",
        f"{one['shape'][0]:,} x {one['shape'][1]} into {GROUPS} groups:",
        "",
        "| | least ms | median ms | faster, by least | by turn: median, least to most | inertia |",
        "|---|---|---|---|---|---|",
    ]
    for name in one["seconds"]:
        least, middle, _ = one["seconds"][name]
        low, usual, high = one["faster"][name]
        loss = f"{one['inertia'][name]:.3f}" if name in one["inertia"] else ""
        lines.append(
            f"| {name} | {1000 * least:.0f} | {1000 * middle:.0f} | {fastest / least:.0f}x "
            f"| {usual:.0f}x, {low:.0f}x to {high:.0f}x | {loss} |"
        )
    fits = ", ".join(f"{n:,}: {t:.2f} s" for n, t in rate["seconds"].items())
    ratios = ", ".join(f"{n:,}: {ratio:.3f}" for n, ratio in result["cells"].items())
    lines += [
        "",
        f"- {MILLION:,} rows into {ACTIONS} actions, from the update to bytes: "
        f"{whole['seconds']:.1f} s, and {whole['extra_memory']:.1f} times the matrix in memory.",
        f"- Time grows with the rows to the power {result['fixed_groups']['exponent']:.2f} at "
        f"{ACTIONS} groups, and {rate['exponent']:.2f} at {ROWS_PER_GROUP} rows a group ({fits}).",
        f"- Inertia in cells, against the same rows as a whole: {ratios}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
