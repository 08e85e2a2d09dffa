"""Tasks on all cores: a process per core, one thread each."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import NamedTuple

from fedras.components import make_config
from fedras.errors import FedrasError
from fedras.experiments.task import Row, Task, perform
from fedras.training import train

_ALONE = "compression-time"
_WARM = {"dataset": "synthetic", "users": 20, "items": 60, "interactions": 200, "rounds": 2}


class Warming(NamedTuple):
    """Kernels are compiled, or loaded if they have been compiled before."""


class Started(NamedTuple):
    """A process works on the task."""

    task: Task


class Finished(NamedTuple):
    """The task is done; nobody has kept its row yet."""

    task: Task
    row: Row


Event = Warming | Started | Finished


def run_all(tasks: Sequence[Task], workers: int) -> Iterator[Event]:
    """Do all tasks, the first ones first; those that measure time come last, one by one.

    Stopping the iterator early stops the processes and loses the tasks that they are at.

    Raises
    ------
    FedrasError
        The first that a task raises, or if a process dies.
    """
    if not tasks:
        return
    alone = [task for task in tasks if task.observe == _ALONE]
    together = [task for task in tasks if task.observe != _ALONE]
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _prepare)
    try:
        yield Warming()
        kinds = {(task.config.model, task.config.method) for task in tasks}
        pool.submit(_warm, sorted(kinds)).result()
        yield from _work(pool, together, workers)
        yield from _work(pool, alone, 1)
    except BrokenProcessPool:
        raise FedrasError("a process died, perhaps of too little memory; try --workers 1") from None
    finally:
        _stop(pool)


def _work(pool: ProcessPoolExecutor, tasks: Sequence[Task], workers: int) -> Iterator[Event]:
    """Keep so many workers busy."""
    waiting = list(reversed(tasks))
    busy: dict[Future[Row], Task] = {}
    while waiting or busy:
        while waiting and len(busy) < workers:
            task = waiting.pop()
            busy[pool.submit(perform, task)] = task
            yield Started(task)
        done, _ = wait(busy, return_when=FIRST_COMPLETED)
        for future in done:
            yield Finished(busy.pop(future), future.result())


def _prepare() -> None:
    """Let a worker die with its parent, and of Ctrl-C without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _warm(kinds: list[tuple[str, str]]) -> None:
    """Compile what the tasks will call, once: processes that start together would do it twice."""
    for model, method in kinds:
        config = make_config(
            _WARM | {"model": model, "method": method, "compression_rate": 0.9375, "threads": 1}
        )
        for _ in train(config):
            pass


def _stop(pool: ProcessPoolExecutor) -> None:
    processes = list(pool._processes.values()) if pool._processes else []
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
