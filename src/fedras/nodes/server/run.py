"""The server's process: rounds with nodes, a checkpoint after each, and the folder of the run."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from fedras.components import complete
from fedras.config import Config
from fedras.errors import FedrasError
from fedras.federation.federation import State
from fedras.federation.round import RoundResult
from fedras.federation.simulator import share_of, uncompressed
from fedras.federation.state import restore_server, server_state
from fedras.kernels.jit import set_threads
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.link import Link, Messages, Patience
from fedras.nodes.messages import RUN_BYTES
from fedras.nodes.server.coordinator import Coordinator, Quality
from fedras.nodes.server.history import History
from fedras.nodes.server.roster import Roster
from fedras.nodes.server.setup import new_coordinator
from fedras.run.checkpoint import CHECKPOINT
from fedras.run.folder import RunFolder
from fedras.run.resumption import decisive
from fedras.run.summary import Totals, summarise

_FORMER = 30.0
"""Seconds that a server waits for its former process to end."""


@dataclass(eq=False)
class NodesRun:
    """A run with nodes, between two rounds. Make one with `open_run`.

    Attributes
    ----------
    folder, given
        Where it is kept, and its complete configuration.
    coordinator
        What runs the rounds.
    totals, lines
        Sums over the rounds done, and the lines of ``metrics.jsonl``.
    """

    folder: RunFolder
    given: Config
    coordinator: Coordinator
    totals: Totals = field(default_factory=Totals)
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def round(self) -> int:
        """The number of rounds done."""
        return self.coordinator.server.broadcast.round

    def rounds(self, nodes: int) -> Iterator[RoundResult]:
        """Wait for so many nodes, run the rounds that are left, and write the summary.

        What is yielded is on the disk already: nodes never hold an update that the server could
        forget.

        Raises
        ------
        FedrasError
            If nodes do not come, or the folder cannot be written.
        """
        self.coordinator.gather(nodes)
        config = self.coordinator.server.config
        self.save()
        while self.round < config.rounds:
            start = perf_counter()
            result = self.coordinator.step()
            self.totals.add(result)
            self.save()
            if self.round == config.rounds or self.round % self.given.eval_every == 0:
                quality = self.coordinator.evaluate()
                result = replace(result, metrics=quality.sampled)
            self.totals.seconds += perf_counter() - start
            if result.metrics:
                self._note(result.metrics)
            yield result
        if self.folder.summary() is None:
            self.folder.write_summary(self.summary(self.coordinator.evaluate(final=True)))

    def _note(self, metrics: dict[str, float]) -> None:
        line = {"round": self.round} | metrics | self.totals.means() | self.totals.refused()
        self.lines.append(line | {"seconds": self.totals.seconds})
        self.folder.write_metrics(self.lines)
        self.save()

    def summary(self, quality: Quality) -> dict[str, Any]:
        """Return the content of ``summary.json``."""
        server, coordinator = self.coordinator.server, self.coordinator
        found = {
            "metrics": quality.sampled,
            "metrics_full": quality.full,
            "server_metrics": quality.server,
        }
        data = {
            "dataset": self.given.dataset,
            "users": len(server.clients),
            "items": len(server.items),
        }
        nodes = {
            "nodes": len(coordinator.roster.members),
            "users_evaluated": quality.users,
            "messages_sent": asdict(coordinator.sent),
            "messages_received": asdict(coordinator.received),
            "left_out": coordinator.dropped,
        }
        whole, share = uncompressed(server, self.given.dim), share_of(self.given, server.config)
        summary = summarise(server, data, self.totals, whole, share, found)
        return summary | {"federation": nodes}

    def save(self) -> None:
        """Write the checkpoint."""
        coordinator = self.coordinator
        server = coordinator.server
        arrays, state = server_state(server)
        record, history = coordinator.history.state()
        arrays |= record | {
            "clients": server.clients,
            "stream_of": server.stream_of,
            "replicas": np.stack([stream.replica for stream in server.streams]),
        }
        values = {
            "state": state,
            "budgets": [(stream.budget, stream.listeners) for stream in server.streams],
            "history": history,
            "members": coordinator.roster.state(),
            "run": coordinator.run.hex(),
            "messages": [asdict(coordinator.sent), asdict(coordinator.received)],
            "left_out": coordinator.dropped,
            "totals": self.totals.to_json(),
            "lines": self.lines,
            "config": decisive(self.given),
        }
        self.folder.save(State(arrays, values))


def open_run(
    folder: Path, config: Config | None, catalogue: Catalogue, link: Link, patience: Patience
) -> NodesRun:
    """Begin a run in a folder, or go on with the one that is there.

    Parameters
    ----------
    folder
        Of the run.
    config
        Of a new run; None if the folder has one.
    catalogue, link, patience
        As for `new_coordinator`.

    Raises
    ------
    UsageError
        If the configuration cannot be meant, or there is none.
    FedrasError
        If the folder cannot be used or the checkpoint is damaged.
    """
    kept = RunFolder(folder)
    if config is not None and not kept.has_run():
        kept.create(complete(config))
    else:
        kept.lock(_FORMER)
    given = kept.config()
    set_threads(given.threads)
    checkpoint = kept.checkpoint()
    token = secrets.token_bytes(RUN_BYTES)
    if checkpoint is None:
        return NodesRun(kept, given, new_coordinator(given, catalogue, link, token, patience))
    try:
        token = bytes.fromhex(checkpoint.values["run"])
        run = NodesRun(kept, given, new_coordinator(given, catalogue, link, token, patience))
        _restore(run, checkpoint)
    except (KeyError, TypeError, ValueError):
        raise FedrasError(
            f"{kept.path / CHECKPOINT} was not written by a federation of this version of fedras"
        ) from None
    return run


def _restore(run: NodesRun, checkpoint: State) -> None:
    arrays, values = checkpoint
    if values["config"] != json.loads(json.dumps(decisive(run.given))):
        raise FedrasError(f"{run.folder.path} was trained with another configuration; restore it")
    coordinator = run.coordinator
    coordinator.server = coordinator.make(arrays["clients"])
    server = coordinator.server
    budgets = {stream.budget: stream for stream in server.streams}
    server.streams = [budgets[budget] for budget, _ in values["budgets"]]
    for stream, (_, listeners) in zip(server.streams, values["budgets"], strict=True):
        stream.listeners = listeners
    server.stream_of = arrays["stream_of"]
    restore_server(server, arrays, values["state"])
    coordinator.history = History.restored(arrays, values["history"])
    coordinator.roster = Roster.restored(values["members"])
    coordinator.sent, coordinator.received = (Messages(**each) for each in values["messages"])
    coordinator.dropped = values["left_out"]
    run.totals, run.lines = Totals.from_json(values["totals"]), values["lines"]
    run.folder.write_metrics(run.lines)
