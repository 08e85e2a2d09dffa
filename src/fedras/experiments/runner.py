"""Tasks on all cores: a process per core, one thread each."""

import logging
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple, Self

from fedras.components import interactions_of
from fedras.config import Config
from fedras.errors import FedrasError
from fedras.experiments.task import Row, Task, perform
from fedras.interrupts import end_with_parent

_ALONE = "compression-time"


class Preparing(NamedTuple):
    """Data is fetched, which processes that start together would do twice."""


class Started(NamedTuple):
    """A process works on the task."""

    task: Task


class Finished(NamedTuple):
    """The task is done; nobody has kept its row yet."""

    task: Task
    row: Row


Event = Preparing | Started | Finished


class Workers:
    """Processes that do tasks; they start when there is something to do, and end with the block.

    Parameters
    ----------
    count
        How many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _prepare)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def run(self, tasks: Sequence[Task]) -> Iterator[Event]:
        """Do all tasks, the first ones first; those that measure time come last, one by one.

        Raises
        ------
        FedrasError
            The first that a task raises, or if a process dies.
        """
        alone = [task for task in tasks if task.observe == _ALONE]
        together = [task for task in tasks if task.observe != _ALONE]
        try:
            if tasks:
                yield Preparing()
                self._pool.submit(_fetch, [task.config for task in tasks]).result()
            yield from self._work(together, self.count)
            yield from self._work(alone, 1)
        except BrokenProcessPool:
            message = "a process died, perhaps of too little memory; try --workers 1"
            raise FedrasError(message) from None

    def _work(self, tasks: Sequence[Task], at_a_time: int) -> Iterator[Event]:
        waiting = list(reversed(tasks))
        busy: dict[Future[Row], Task] = {}
        while waiting or busy:
            while waiting and len(busy) < at_a_time:
                task = waiting.pop()
                busy[self._pool.submit(perform, task)] = task
                yield Started(task)
            done, _ = wait(busy, return_when=FIRST_COMPLETED)
            for future in done:
                yield Finished(busy.pop(future), future.result())


def _prepare() -> None:
    """Let a worker die with its parent, and of Ctrl-C without a word.

    A learning rate that diverges has most uploads dropped; their number is in the row.
    """
    logging.getLogger("fedras").setLevel(logging.ERROR)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def _fetch(configs: list[Config]) -> None:
    for config in {config.dataset: config for config in configs}.values():
        interactions_of(config)
