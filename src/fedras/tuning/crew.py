"""Who does the trials: this process one after the other, or several processes side by side."""

import logging
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, Protocol

from fedras.config import Config
from fedras.data import Interactions
from fedras.errors import FedrasError
from fedras.interrupts import blocked, end_with_parent
from fedras.tuning.trial import Ended, Report, Work, perform

_PATIENCE = 5.0  # seconds


class Crew(Protocol):
    """Trains some trials at a time, each from one evaluated round to the next."""

    def free(self) -> bool:
        """Return whether another trial can start."""

    def start(self, number: int, config: Config) -> None:
        """Begin a trial."""

    def reports(self) -> list[tuple[int, Report]]:
        """Wait for a report; return what there is, each with the number of its trial.

        A trial goes on, or stops, when `answer` says so; after `Ended` there is nothing to say.

        Raises
        ------
        FedrasError
            If a trial cannot be trained whatever its options, or a process died.
        """

    def answer(self, number: int, go_on: bool) -> None:
        """Let a trial go on, or stop."""


@contextmanager
def crew_of(jobs: int, data: Interactions) -> Iterator[Crew]:
    """Yield a crew for so many trials at a time; nothing of it is left after the block."""
    if jobs == 1:
        with _quiet():
            yield _Here(data)
        return
    processes = _Processes(jobs, data)
    try:
        yield processes
    finally:
        processes.end()


@contextmanager
def _quiet() -> Iterator[None]:
    """Say nothing of uploads that are dropped: options that diverge have most of them dropped."""
    logger = logging.getLogger("fedras")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _dying() -> Iterator[None]:
    """Say so where the process at the other end is gone."""
    try:
        yield
    except (EOFError, OSError):
        raise FedrasError(
            "a process died, perhaps of too little memory; resume with fewer jobs"
        ) from None


class _Here:
    """The process itself."""

    def __init__(self, data: Interactions) -> None:
        self._data = data
        self._busy: tuple[int, Work] | None = None
        self._answer: bool | None = None

    def free(self) -> bool:
        return self._busy is None

    def start(self, number: int, config: Config) -> None:
        self._busy, self._answer = (number, perform(config, self._data)), None

    def reports(self) -> list[tuple[int, Report]]:
        if self._busy is None:
            return []
        number, work = self._busy
        report = work.send(self._answer)
        if isinstance(report, Ended):
            self._busy = None
        return [(number, report)]

    def answer(self, number: int, go_on: bool) -> None:
        self._answer = go_on


class _Worker(NamedTuple):
    """A process, and the line to it."""

    process: BaseProcess
    line: "Connection[Any, Any]"


class _Processes:
    """A process per trial; each has the data, and starts when there is something to do."""

    def __init__(self, jobs: int, data: Interactions) -> None:
        self._jobs, self._data = jobs, data
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._busy: dict[int, _Worker] = {}

    def free(self) -> bool:
        return len(self._busy) < self._jobs

    def start(self, number: int, config: Config) -> None:
        with _dying():
            worker = self._idle.pop() if self._idle else self._new()
            self._busy[number] = worker
            worker.line.send(config)

    def reports(self) -> list[tuple[int, Report]]:
        numbers = {worker.line: number for number, worker in self._busy.items()}
        ready = connection.wait(list(numbers))
        heard = [(number, self._heard(line)) for line, number in numbers.items() if line in ready]
        for number, report in heard:
            if isinstance(report, Ended):
                self._idle.append(self._busy.pop(number))
        return heard

    def answer(self, number: int, go_on: bool) -> None:
        with _dying():
            self._busy[number].line.send(go_on)

    def end(self) -> None:
        for process, _ in self._workers:
            process.terminate()
        for process, line in self._workers:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
            line.close()

    def _new(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._data), daemon=True)
        resource_tracker.ensure_running()  # or it would start next, and end what is blocked
        with blocked():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    @staticmethod
    def _heard(line: "Connection[Any, Any]") -> Report:
        with _dying():
            said = line.recv()
        if isinstance(said, Exception):
            raise said
        report: Report = said
        return report


def _serve(line: "Connection[Any, Any]", data: Interactions) -> None:
    """Do trials until the process is ended."""
    end_with_parent()
    with _quiet():
        while True:
            try:
                config: Config = line.recv()
                work = perform(config, data)
                answer: bool | None = None
                while True:
                    report = work.send(answer)
                    line.send(report)
                    if isinstance(report, Ended):
                        break
                    answer = line.recv()
            except EOFError:
                return
            except (FedrasError, MemoryError) as error:
                line.send(error)
                return
