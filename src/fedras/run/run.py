"""Training from the first round to the last, with evaluation, checkpoints and resumption."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from fedras.config import Config
from fedras.data.interactions import Interactions
from fedras.errors import UsageError
from fedras.evaluation.evaluation import Evaluation, Ranked
from fedras.federation.federation import State
from fedras.federation.round import RoundResult
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Traffic
from fedras.interrupts import deferred
from fedras.kernels.jit import one_thread
from fedras.run.folder import RunFolder
from fedras.run.resumption import absolute, agreed, decisive, fingerprint, restore
from fedras.run.summary import Totals, summarise


def train(
    config: Config | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    interactions: Interactions | None = None,
) -> Iterator[RoundResult]:
    """Train a federation; each step of the iterator is a round.

    Everything is checked, and the data loaded, before this returns. Whoever stops early, with
    Ctrl-C, ``break`` or ``close()``, can resume at the last whole round.

    Parameters
    ----------
    config
        By default the main job, ``Config()``.
    out
        The folder that keeps the run; without one nothing is written.
    resume
        Continue the run in ``out``. Its configuration counts; options that ``config`` sets must
        agree with it, apart from ``threads`` and ``data_dir``.
    interactions
        Data of your own instead of the data set that ``config`` names.

    Yields
    ------
    One `RoundResult` per round; its ``metrics`` are set every ``eval_every`` rounds and in the
    last one.

    Raises
    ------
    UsageError
        If the configuration or the folder cannot be meant.
    FedrasError
        If the data cannot be had, the folder cannot be written or the checkpoint is damaged.
    """
    return Run(config, out, resume, interactions).rounds()


class Run:
    """A run between two rounds. `train` explains the parameters and the errors.

    Attributes
    ----------
    config
        With every default filled in.
    simulation, evaluation
        What trains and what measures.
    totals
        Sums over the rounds done.
    folder
        Where the run is kept, if anywhere.
    """

    def __init__(
        self,
        config: Config | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        interactions: Interactions | None = None,
    ) -> None:
        config = absolute(config or Config())
        self.folder = None if out is None else RunFolder(out)
        if self.folder is None:
            if resume:
                raise UsageError("to resume a run, say which: give its folder as --out")
        elif resume:
            config = agreed(self.folder, config)
            self.folder.lock()
        else:
            self.folder.require_new()
        self.simulation = Simulation(config, interactions)
        self.config = self.simulation.given
        self.evaluation = Evaluation(
            self.simulation.interactions, self.simulation.split, config.eval_negatives
        )
        self.totals = Totals()
        self._data = fingerprint(self.simulation.interactions)
        self._history: list[dict[str, Any]] = []
        if self.folder is not None:
            if resume:
                self._restore(self.folder)
            else:
                self.folder.create(self.config)
        self._first = self._saved = self.simulation.round
        self._whole = True

    @property
    def finished(self) -> bool:
        """Whether no round is left."""
        return self.simulation.round >= self.simulation.config.rounds

    @property
    def saved(self) -> int:
        """The round that the run can be resumed at."""
        return self._saved

    @cached_property
    def uncompressed(self) -> Traffic:
        """What a client pays in one direction without compression."""
        return self.simulation.uncompressed()

    def rounds(self) -> Generator[RoundResult, None, None]:
        """Run the rounds that are left; see `train`."""
        try:
            while not self.finished:
                yield self._advance()
            if self.folder is not None and self.folder.summary() is None:
                self.folder.write_summary(self.summary())
        except (GeneratorExit, KeyboardInterrupt):
            if self._whole and self._saved < self.simulation.round:
                self._save()
            raise
        finally:
            if self.folder is not None:
                self.folder.release()

    def summary(self) -> dict[str, Any]:
        """Return the content of ``summary.json``; evaluates in full."""
        evaluation, model = self.evaluation, self.simulation.model
        silo, server = self.simulation.silo, self.simulation.server
        own = server.items[None], server.scoring, np.zeros_like(silo.stream)
        quality: dict[str, dict[str, float] | None] = {
            "metrics": evaluation.sampled(model, self._replicas()),
            "metrics_full": evaluation.full(model, self._replicas()),
            "server_metrics": evaluation.sampled(model, Ranked(silo.vectors, *own)),
        }
        interactions = self.simulation.interactions
        data = {
            "dataset": interactions.name,
            "users": interactions.n_users,
            "items": interactions.n_items,
            "interactions": len(interactions),
            "columns": interactions.columns,
            "notes": list(interactions.notes),
        }
        share = self.simulation.share
        return summarise(server, data, self.totals, self.uncompressed, share, quality)

    def _advance(self) -> RoundResult:
        # The first round may have to wait for the compiler, in this thread, so that it can be
        # stopped: that loses nothing.
        first = self.simulation.round == self._first
        with one_thread() if first else deferred():
            self._whole = False
            start = perf_counter()
            result = self.simulation.step()
            if self.finished or result.round % self.config.eval_every == 0:
                metrics = self.evaluation.sampled(self.simulation.model, self._replicas())
                result = replace(result, metrics=metrics)
            self.totals.add(result)
            self.totals.seconds += perf_counter() - start
            if result.metrics:
                line = {"round": result.round} | result.metrics
                line |= self.totals.means() | self.totals.refused()
                self._history.append(line | {"seconds": self.totals.seconds})
            self._whole = True
            if result.metrics:
                self._save()
        return result

    def _save(self) -> None:
        if self.folder is None:
            return
        arrays, state = self.simulation.state()
        values = {
            "state": state,
            "totals": self.totals.to_json(),
            "history": self._history,
            "config": decisive(self.config),
            "data": self._data,
        }
        self.folder.save(State(arrays, values))
        self._saved = self.simulation.round
        self.folder.write_metrics(self._history)

    def _restore(self, folder: RunFolder) -> None:
        values = restore(self.simulation, folder)
        if values is not None:
            self.totals = Totals.from_json(values["totals"])
            self._history = values["history"]
        folder.write_metrics(self._history)

    def _replicas(self) -> Ranked:
        silo = self.simulation.silo
        return Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
