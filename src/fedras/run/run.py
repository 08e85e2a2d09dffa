"""A run: the rounds of a federation, with evaluation, totals, checkpoints and a summary."""

import atexit
import os
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from fedras.errors import FedrasError
from fedras.evaluation import metrics
from fedras.federation.clock import add_to
from fedras.federation.federation import Federation
from fedras.federation.round import RoundResult
from fedras.federation.schedule import joining, monitored
from fedras.federation.state import State
from fedras.federation.wire import Traffic
from fedras.interrupts import deferred
from fedras.run.folder import RunFolder
from fedras.run.resumption import Progress, decisive, restore
from fedras.run.summary import Totals, share_of, summarise, uncompressed
from fedras.run.tiers import tiers

EVALUATION = "evaluation"
"""A phase beside those of rounds."""

F = TypeVar("F", bound=Federation)


class Run(Generic[F]):
    """A run between two rounds; it goes on from the checkpoint in its folder, if there is one.

    Whoever stops it loses no whole round: it is saved when its iterator is closed or dropped, at
    Ctrl-C, and when the program ends.

    Parameters
    ----------
    federation
        What does the rounds.
    folder
        Where the run is kept, if anywhere; it has the configuration already, and is locked.

    Attributes
    ----------
    federation, folder
        As given.
    config
        With every default filled in.
    totals
        Sums over the rounds done.
    lines
        What ``metrics.jsonl`` says of each evaluated round.

    Raises
    ------
    FedrasError
        If the checkpoint is damaged, or not of this run.
    """

    def __init__(self, federation: F, folder: RunFolder | None = None) -> None:
        self.federation, self.folder = federation, folder
        self.config = federation.given
        progress = None if folder is None else restore(federation, folder)
        self.totals, self.lines = progress or Progress(Totals(), [])
        self._saved = self.round
        self._whole, self._open = True, False
        self._process = os.getpid()

    @property
    def round(self) -> int:
        """The number of rounds done."""
        return self.totals.rounds

    @property
    def finished(self) -> bool:
        """Whether no round is left."""
        return self.round >= self.length

    @property
    def length(self) -> int:
        """The number of rounds that it has, without those that are left out."""
        return self.federation.config.rounds - self.federation.server.schedule.skipped

    @property
    def saved(self) -> int:
        """The round that the run can be resumed at."""
        return self._saved

    @cached_property
    def uncompressed(self) -> Traffic:
        """What a client pays in one direction without compression."""
        return uncompressed(self.federation)

    def rates(self) -> dict[str, float]:
        """Return what was saved so far; `Totals.rates` explains it."""
        return self.totals.rates(self.uncompressed, share_of(self.federation))

    def rounds(self) -> Generator[RoundResult, None, None]:
        """Run the rounds that are left, one per step of the iterator; at the end write the summary.

        A `RoundResult` has ``metrics`` every ``eval_every`` rounds, and when what is ranked stops
        being held out, or training ends.
        """
        self._reopen()
        try:
            if self.federation.remote:
                self._save()
                self._make_up()
            while not self.finished:
                yield self._advance()
            if self.folder is not None and self.folder.summary() is None:
                self.folder.write_summary(self.summary())
        finally:
            self.close()

    def close(self) -> None:
        """Save what is not saved yet, and let other processes use the folder."""
        if self._process != os.getpid():  # a fork must not write what its parent goes on with
            return
        unsaved = self._open and self._whole and self._saved < self.round
        self._open = False
        try:
            if unsaved:
                self._save()
        finally:
            if self.folder is not None:
                self.folder.release()

    def summary(self) -> dict[str, Any]:
        """Return the content of ``summary.json``; reads the test items."""
        return summarise(self.federation, self.totals, self.federation.evaluate())

    def _reopen(self) -> None:
        if self.folder is not None:
            self.folder.lock()
            checkpoint = self.folder.checkpoint() if self._saved else None
            if checkpoint is not None and checkpoint.values["totals"]["rounds"] != self._saved:
                raise FedrasError(f"another process has trained in {self.folder.path}; resume it")
            if checkpoint is not None:  # a kill may have come between it and the metrics
                self.folder.write_metrics(self.lines)
        self._open = True
        _RUNS.add(self)

    def _guard(self) -> AbstractContextManager[None]:
        """Return what a round runs under, so that a stop meets whole rounds only."""
        if self.federation.remote:  # each round is saved, and may wait for nodes for long
            return nullcontext()
        return deferred()

    def _advance(self) -> RoundResult:
        with self._guard():
            self._whole = False
            start = perf_counter()
            result = self.federation.step()
            self.totals.add(result)
            self.totals.seconds += perf_counter() - start
            if self.federation.remote:
                self._save()
            due = self._due()
            if due:
                result = replace(result, metrics=self._evaluated())
            self._whole = True
            if due:
                self._save()
        return result

    def _make_up(self) -> None:
        """Evaluate the last round if the server ended before it could: the rest depends on it."""
        done = self.lines[-1]["round"] if self.lines else 0
        if done < self.round and self._due():
            self._evaluated()
            self._save()

    def _due(self) -> bool:
        """Return whether the round that was done is evaluated."""
        joins = self.federation.server.progress == joining(self.federation.config)
        return self.finished or joins or self.round % self.config.eval_every == 0

    def _evaluated(self) -> dict[str, float] | None:
        """Return what the last round has reached, and add the line that ``metrics.jsonl`` gets."""
        start = perf_counter()
        found = self.federation.validate()
        spent = perf_counter() - start
        self.totals.seconds += spent
        add_to(self.totals.phases, {EVALUATION: spent})
        ranked = None if found is None else monitored(self.config)
        unknown = dict.fromkeys(metrics.names(self.config.at))
        line: dict[str, Any] = {"round": self.round, "ranked": ranked} | (found or unknown)
        line |= self.totals.means() | self.totals.refused()
        line |= self.totals.paid(len(self.federation.server.clients)) | self.totals.spread()
        if groups := self._tiers(found):
            line["tiers"] = groups
        phases = {"seconds_by_phase": dict(self.totals.phases)}
        self.lines.append(line | {"seconds": self.totals.seconds} | phases)
        return found

    def _tiers(self, found: dict[str, float] | None) -> list[dict[str, Any]]:
        federation, totals = self.federation, self.totals
        counts = None if found is None else federation.by_stream
        paid = totals.sent_by, totals.received_by
        return tiers(federation.server.streams, *paid, counts, self.config.at)

    def write(self, folder: RunFolder) -> None:
        """Write checkpoint and metrics to a folder."""
        arrays, state = self.federation.state()
        values = {
            "state": state,
            "totals": self.totals.to_json(),
            "metrics": self.lines,
            "config": decisive(self.config),
            "data": self.federation.fingerprint,
        }
        folder.save(State(arrays, values))
        if folder is self.folder:
            self._saved = self.round
        folder.write_metrics(self.lines)

    def _save(self) -> None:
        if self.folder is not None:
            self.write(self.folder)


_RUNS: WeakSet[Run[Any]] = WeakSet()


@atexit.register
def _close_all() -> None:
    """Close what is still open at the end of the program, while it can still write."""
    for run in list(_RUNS):
        try:
            run.close()
        except FedrasError as error:
            sys.stderr.write(f"fedras: error: {error}\n")
