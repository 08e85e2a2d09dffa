"""What some experiments measure beside quality and bytes, from outside the round.

Each observer takes a configuration and returns what goes into the row of the run. Training is an
iterator of rounds, so an observer looks at the run before and after each of them; it changes
nothing, and the numbers of the run are those of a run that nobody observes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from fedras.baselines.comparison import compare
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode, decode_all
from fedras.components import interactions_of
from fedras.config import Config
from fedras.federation.residuals import Residuals
from fedras.federation.round import RoundResult
from fedras.federation.simulator import Simulation
from fedras.methods.base import Base
from fedras.parallel import one_blas_thread
from fedras.run.run import Run
from fedras.run.training import open_run

Observer = Callable[[Config], dict[str, Any]]

OBSERVERS: dict[str, Observer] = {}

_TIMED_ROUNDS = 3
_REPEATS = 5
_MEGABYTE = 1 << 20
_SPEED = 0.75 * _MEGABYTE
"""Bytes a second of appendix A.2, whose 3.04 MB are 12,454 x 64 x 4 / 2^20."""


def _observer(name: str) -> Callable[[Observer], Observer]:
    def add(function: Observer) -> Observer:
        OBSERVERS[name] = function
        return function

    return add


def follow(run: Run[Simulation], rounds: Iterable[RoundResult]) -> dict[str, Any]:
    """Run ``rounds`` to their end; return the summary and, by column, what evaluations found."""
    history: dict[str, list[float]] = {}
    for result in rounds:
        if result.metrics:
            line = {"round": result.round} | result.metrics | run.totals.means()
            for name, value in line.items():
                history.setdefault(name, []).append(round(value, 4))
    return {**run.summary(), "history": history}


@_observer("losses")
def losses(config: Config) -> dict[str, Any]:
    """Measure the information loss of coding (section 5.3), averaged over the rounds.

    On clients: the mean squared difference, over all entries of the item matrix, between the
    server's average of what it received and of what the same clients would have sent uncoded and
    trained without restriction. On the server: between what was to be said and what clients read.
    """
    run = open_run(config)
    lost = np.zeros(2)

    def watched() -> Iterator[RoundResult]:
        rounds = run.rounds()
        while not run.finished:
            simulation, server = run.federation, run.federation.server
            items, replica = server.items.copy(), server.streams[0].replica.copy()
            uncoded = _uncoded_average(simulation)
            yield next(rounds)
            received = server.items - items
            heard = server.streams[0].replica - (0 if server.method.absolute else replica)
            wanted = server.items if server.method.absolute else received
            lost[:] += np.square(received - uncoded).mean(), np.square(wanted - heard).mean()

    results = follow(run, watched())
    client, server = (lost / config.rounds).tolist()
    observed = {"client_loss": client, "server_loss": server, "total_loss": client + server}
    return {**results, "observed": observed}


def _uncoded_average(simulation: Simulation) -> np.ndarray[Any, Any]:
    """Return float32[N, d]: the next round's average if its clients sent all that they learn."""
    server, silo = simulation.server, simulation.silo
    twin = replace(silo, method=Base(), vectors=silo.vectors.copy(), residuals=Residuals())
    shape, round_ = server.items.shape, server.broadcast.round
    uploads = twin.train(server.select())
    updates = decode_all([Payload.from_bytes(each.items, shape, round_) for each in uploads])
    average = np.zeros(shape, np.float32)
    server.average(updates).add_to(average)
    return average


@_observer("clusters")
def clusters(config: Config) -> dict[str, Any]:
    """Count how many clusters of each size the server forms, averaged over the rounds."""
    run = open_run(config)
    sizes: Counter[int] = Counter()

    def watched() -> Iterator[RoundResult]:
        for result in run.rounds():
            broadcast = run.federation.server.broadcast
            shape = run.federation.server.items.shape
            update = decode(Payload.from_bytes(broadcast.items[0], shape, broadcast.round))
            _, counts = np.unique(update.values, axis=0, return_counts=True)
            sizes.update(counts.tolist())
            yield result

    results = follow(run, watched())
    mean = {str(size): round(sizes[size] / config.rounds, 4) for size in sorted(sizes)}
    return {**results, "observed": {"clusters_by_size": mean}}


@_observer("compression-time")
def compression_time(config: Config) -> dict[str, Any]:
    """Time the server's coding of its update, and what sending that takes (appendix A.2).

    The update is that of a real round. A run of few rounds; its quality is not looked at.
    """
    simulation = Simulation(config)
    for _ in range(_TIMED_ROUNDS):
        items = simulation.server.items.copy()
        simulation.step()
    server = simulation.server
    update = RowUpdate.between(items, server.items)
    budget, draw = server.streams[0].budget, np.uint64(config.seed)

    def compress() -> Payload:
        return server.method.compress(update, budget, server.streams[0].memory, draw, draw)[0]

    size = len(compress().to_bytes())
    uncompressed = config.compression_rate == 0
    observed = {
        "rows": len(update.rows),
        "bytes": size,
        "communication_seconds": size / _SPEED,
        "compression_seconds": 0.0 if uncompressed else _seconds(compress),
    }
    observed["total_seconds"] = observed["communication_seconds"] + observed["compression_seconds"]
    if config.method == "svd":  # what the paper timed
        svd = one_blas_thread(lambda: np.linalg.svd(update.values, full_matrices=False))
        observed["numpy_svd_seconds"] = _seconds(svd)
    return {"observed": observed}


@_observer("statistics")
def statistics(config: Config) -> dict[str, Any]:
    """Count what is in the data set (Table 2); nothing is trained."""
    loaded = interactions_of(config)
    cells = loaded.n_users * loaded.n_items
    observed = {
        "interactions": len(loaded),
        "users": loaded.n_users,
        "items": loaded.n_items,
        "sparsity": 100 * (1 - len(loaded) / cells),
    }
    return {"observed": observed}


@_observer("baselines")
def baselines(config: Config) -> dict[str, Any]:
    """Tune and rank what sees all data in one place; no federation is trained."""
    return {"baselines": compare(interactions_of(config), config)}


def _seconds(work: Callable[[], object]) -> float:
    """Return the median time that ``work`` takes, after a first call that may compile."""
    work()
    times = []
    for _ in range(_REPEATS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)
