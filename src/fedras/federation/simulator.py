"""A whole federation in one process: the same server and clients, joined by a function call."""

from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from fedras import data
from fedras.arrays import Int64s
from fedras.baselines.kept import compared
from fedras.components import complete, components_of, interactions_of, labelled
from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.data.fingerprint import fingerprint
from fedras.evaluation import metrics
from fedras.evaluation.scores import Ranked
from fedras.federation.budgets import client_budgets, client_rates
from fedras.federation.client import held
from fedras.federation.clock import Clock, Seconds, add_to
from fedras.federation.federation import Quality
from fedras.federation.privacy import require_accountant
from fedras.federation.round import CLIENTS, RoundResult, Transport, run_round
from fedras.federation.schedule import choices, evaluation_of, joined, unseen, watches
from fedras.federation.start import new_server, new_silo
from fedras.federation.state import State
from fedras.federation.summing import dealt, require_summable
from fedras.federation.wire import NOTHING, Broadcast, Upload

REPLICAS = "replicas"
"""A phase: what clients do with what they are sent."""


class Simulation:
    """All clients of a data set in one silo, and their server.

    Parameters
    ----------
    config
        What to run; `given` holds it completed with all defaults, `config` as the method trains it.
    interactions
        The data, or a table of it in memory; by default what ``config`` names is loaded.

    Attributes
    ----------
    transport
        What joins server and silo; a function around it can lose, delay or forge what passes.
    server, silo
        They are others after `restore`.
    evaluation, monitor
        What ranks held-out items: those of the test, and what is ranked while training.
    by_stream
        int64[S, bins], histograms of the ranks that were found last; see `Federation`.

    Raises
    ------
    UsageError
        If the configuration cannot be meant.
    DataError
        If the data cannot be had.
    """

    def __init__(self, config: Config, interactions: Any = None) -> None:
        self.by_stream: Int64s | None = None
        self.given = config = complete(labelled(config, interactions))
        self.transport: Transport = self._deliver
        require_accountant(config)
        set_threads(config.threads)
        named = components_of(config)
        self.model, self.method = named.model, named.method
        self.interactions = interactions_of(config, interactions)
        self.config = config = self.method.configure(config)
        self.evaluation = self.monitor = evaluation_of(self.interactions, config)
        if watches(config):
            self.monitor = evaluation_of(self.interactions, config, validation=True)
        clients = data.client_keys(self.interactions.user_ids)
        rates = client_rates(config, self.interactions, clients)
        n_items = self.interactions.n_items
        budgets, stream = client_budgets(rates, self.method, n_items, config.dim)
        shared = n_items, clients, budgets, stream
        self.server = new_server(config, named, *shared)
        require_summable(config, self.method)
        rows = self.monitor.split
        self.silo = new_silo(config, self.model, self.method, *shared, rows.indptr, rows.items)
        if config.summing_nodes:
            self.server.node = self.silo.node = dealt(clients, config.summing_nodes)
        self._follow()

    @property
    def round(self) -> int:
        """The number of rounds done."""
        return self.server.broadcast.round

    @property
    def remote(self) -> bool:
        """Whether clients are out of this process; they are in it."""
        return False

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the interactions."""
        return fingerprint(self.interactions)

    def step(self) -> RoundResult:
        """Run the next round and deliver its update to the clients' replicas."""
        result = run_round(self.server, self.transport)
        clock = Clock()
        self.silo.receive(self.server.broadcast)
        self._follow()
        clock.lap(REPLICAS)
        return replace(result, seconds=self._divided(result.seconds) | clock.seconds)

    def _divided(self, seconds: Seconds) -> Seconds:
        """Return how long each phase took, with what clients do divided as their threads had it."""
        spent: Seconds = {}
        for lap in self.silo.laps:
            add_to(spent, lap)
        share = seconds[CLIENTS] / (sum(spent.values()) or 1)
        rest = {phase: each for phase, each in seconds.items() if phase != CLIENTS}
        return {phase: share * each for phase, each in spent.items()} | rest

    def _deliver(self, broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        self.silo.receive(broadcast)
        return [None if upload == NOTHING else upload for upload in self.silo.train(cohort)]

    def validate(self) -> dict[str, float] | None:
        """Rank what `Config.monitor` names; see `Federation`."""
        if not unseen(self.config, self.server.progress):
            return None
        ranks = self.monitor.ranks_in(self.model, held(self.silo), choices(self.config))
        bins = metrics.bins(self.config.at)
        counts = np.array([metrics.counts(each, bins) for each in ranks])
        found = self.server.schedule.decide(self.config, self.round, counts)
        self._follow()
        chosen = ranks[choices(self.config).index(self.silo.context)]
        streams = self.silo.stream[self.monitor.users]
        self.by_stream = np.array(
            [metrics.counts(chosen[streams == s], bins) for s in range(len(self.server.streams))]
        )
        return found

    def evaluate(self) -> Quality:
        """Rank the users' test items; see `Federation`."""
        silo, server, rank = self.silo, self.server, self.evaluation
        own = server.items[None], server.scoring, np.zeros_like(silo.stream), silo.context
        matrix = rank.sampled(self.model, Ranked(silo.vectors, *own))
        listed = rank.listed(rank.scorer(self.model, held(silo)))
        full = metrics.summary(listed.full, rank.at)
        sampled = rank.sampled(self.model, held(silo))
        return Quality(len(rank.users), sampled, full, matrix, rank.beyond(listed.lists))

    @property
    def split(self) -> data.Split:
        """What the clients train on now, and what is held out."""
        now = joined(self.config, self.server.progress)
        return (self.evaluation if now else self.monitor).split

    def _follow(self) -> None:
        """Let the clients do as the server's schedule says."""
        silo, schedule = self.silo, self.server.schedule
        silo.skipped, silo.context = schedule.skipped, schedule.context
        silo.indptr, silo.items = self.split.indptr, self.split.items

    def compared(self) -> dict[str, Any] | None:
        """Return what baselines reach on the data, computed once for each data set."""
        return compared(self.interactions, self.given)

    def state(self) -> State:
        """Return the state of the server and the clients, who hold the same replicas."""
        server, silo = self.server.state(), self.silo.state()
        return State(server.arrays | silo.arrays, server.values | silo.values)

    def restore(self, state: State) -> None:
        """Return to what `state` gave.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else; nothing has changed then.
        """
        server, silo = copy(self.server), copy(self.silo)
        server.restore(state)
        silo.restore(state)
        if silo.version != server.broadcast.round:
            raise ValueError(f"its clients hold version {silo.version}")
        budgets = [stream.budget for stream in server.streams]
        if not (
            np.array_equal(server.clients, silo.clients)
            and np.array_equal(server.stream_of, silo.stream)
            and np.array_equal(budgets, silo.budgets)
        ):
            raise ValueError("its clients or their compression rates are others")
        self.server, self.silo = server, silo
        self._follow()

    def described(self) -> dict[str, Any]:
        """Return the name of the data, how much there is of it, and what was noticed in it."""
        loaded = self.interactions
        return {
            "dataset": loaded.name,
            "users": loaded.n_users,
            "items": loaded.n_items,
            "interactions": len(loaded),
            "columns": loaded.columns,
            "notes": list(loaded.notes),
        }
