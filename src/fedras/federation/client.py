"""The clients' side: all that stays private, and the local half of a round."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s, UInt64s
from fedras.codecs import Payload, RowUpdate, Updates
from fedras.codecs.codec import decode_all
from fedras.codecs.heard import hear
from fedras.config import Config
from fedras.core.random import normals
from fedras.core.updates import gather
from fedras.errors import PayloadError
from fedras.evaluation.scores import Ranked
from fedras.federation import compiled, scoring
from fedras.federation.clock import Clock, Seconds
from fedras.federation.privacy import Draw, privatise
from fedras.federation.residuals import Residuals
from fedras.federation.state import State
from fedras.federation.summing import groups_of, mean_change, mean_update
from fedras.federation.wire import NOTHING, Broadcast, Upload
from fedras.methods import Method
from fedras.models import Cohort, Model
from fedras.models.context import OFF, Context
from fedras.parallel import for_clients
from fedras.rng import Purpose, key, keys

TRAINING, CODING = "training", "coding"
"""Phases of what clients do in a round."""


@dataclass(eq=False)
class Silo:
    """Some clients in one place, with everything that never leaves it.

    Attributes
    ----------
    config, model, method
        How they train and what they send.
    clients
        uint64[M], their identities.
    indptr, items
        Client u interacted with ``items[indptr[u]:indptr[u + 1]]``.
    budgets
        int64[S], ascending: the budget of each stream.
    stream
        int64[M], the stream that each client hears.
    vectors
        float32[M, d], private.
    replicas
        float32[S, N, d], the item matrix as the clients of each stream hold it.
    scoring
        float32[P], the scoring model: the sum of what was received.
    version
        How many updates the replicas hold.
    skipped
        How many rounds the server has left out (`schedule`).
    context
        What users' latest items add to their scores, as the server says.
    residuals
        What clients still owe the server, with error feedback on the uplink.
    noise
        Draws the noise of differential privacy. A real client takes `privacy.system_normals`; by
        default it follows from the run's seed, which everybody knows: right for simulations only.
    node
        int64[M], the node of each client, where nodes add up what their users learn (`summing`).
    laps
        Of the last training, how long each part of the cohort took; several may at the same time.
    """

    config: Config
    model: Model
    method: Method
    clients: UInt64s
    indptr: Int64s
    items: Int32s
    budgets: Int64s
    stream: Int64s
    vectors: Float32s
    replicas: Float32s
    scoring: Float32s
    version: int = 0
    skipped: int = 0
    context: Context = OFF
    residuals: Residuals = field(default_factory=Residuals)
    noise: Draw | None = None
    node: Int64s | None = None
    laps: list[Seconds] = field(default_factory=list)

    def receive(self, broadcast: Broadcast) -> None:
        """Bring each stream's replica up to date (Algorithm 1, lines 14 to 17).

        Raises
        ------
        PayloadError
            For bytes that are not the next update; nothing has changed then.
        """
        if broadcast.round <= self.version:
            return
        if broadcast.round != self.version + 1 or len(broadcast.items) != len(self.replicas):
            raise PayloadError(
                f"{len(broadcast.items)} updates of round {broadcast.round} for "
                f"{len(self.replicas)} replicas of version {self.version}"
            )
        if broadcast.silent and self.config.every > 1:
            self.version = broadcast.round
            return
        updates = [
            hear(data, replica, broadcast.round).update
            for data, replica in zip(broadcast.items, self.replicas, strict=True)
        ]
        change = scoring.read(broadcast.scoring, len(self.scoring), broadcast.round)
        self.scoring = self.scoring + change
        for replica, update in zip(self.replicas, updates, strict=True):
            self.method.apply(update, replica)
        self.version = broadcast.round

    def state(self) -> State:
        """Return all that changes from round to round."""
        arrays = {
            "vectors": self.vectors,
            "replicas": self.replicas,
            "scoring": self.scoring,
            **self.residuals.state(self.config.dim),
        }
        return State(arrays, {"version": self.version})

    def restore(self, state: State) -> None:
        """Return to what `state` gave.

        Clients whose training diverged hold infinities; nobody else does.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else; nothing has changed then.
        """
        restored = {
            "vectors": state.array("vectors", np.float32, self.vectors.shape, finite=False),
            "replicas": state.array("replicas", np.float32, self.replicas.shape),
            "scoring": state.array("scoring", np.float32, self.scoring.shape),
            "residuals": Residuals.restored(state, len(self.clients), self.replicas.shape[1:]),
            "version": int(state.values["version"]),
        }
        vars(self).update(restored)

    def train(self, cohort: Int64s) -> list[Upload]:
        """Train the clients ``cohort``, int64[C], and code what they learnt (lines 18 to 29).

        Returns
        -------
        The uploads in the cohort's order. Where nodes add up, each has one, in the place of the
        first of its users; those of the others are empty.
        """
        self.laps = []
        cohort = np.ascontiguousarray(cohort)
        shared = key(self.config.seed, Purpose.SHARED, self.version)
        gathered = self._gathered(cohort, shared)
        if self.node is not None:
            return self._train_nodes(cohort, self.node, shared)
        codecs = [self.method.uplink(int(budget), shared) for budget in self.budgets]
        own = self.model, self.method, gathered, self.config
        served = compiled.serve(*own, codecs, self._draws(cohort), self.version)
        if served is not None:
            self.vectors[cohort] = gathered.vectors
            self.laps.append({TRAINING: served.training, CODING: served.coding})
            return [Upload(data, b"") for data in served.payloads]
        sizes = self.indptr[cohort + 1] - self.indptr[cohort]
        return for_clients(lambda part: self._train(cohort[part], shared), sizes)

    def _train_nodes(self, cohort: Int64s, node: Int64s, shared: np.uint64) -> list[Upload]:
        """Train as `train`, where nodes add up; a node speaks as its user of least identity."""
        groups = groups_of(node[cohort])
        sizes = np.array([len(group) for group in groups], np.int64)

        def work(part: Int64s) -> list[Upload]:
            return [self._train(cohort[groups[g]], shared, node)[0] for g in part.tolist()]

        uploads = [NOTHING] * len(cohort)
        for group, upload in zip(groups, for_clients(work, sizes), strict=True):
            uploads[group[0]] = upload
        return uploads

    def _gathered(self, cohort: Int64s, shared: np.uint64) -> Cohort:
        config, round_ = self.config, self.version
        positives, bounds = gather(self.indptr, self.items, cohort)
        return Cohort(
            self.vectors[cohort],
            positives,
            bounds,
            self.replicas,
            self.stream[cohort],
            self.scoring,
            keys(config.seed, Purpose.TRAINING, round_, self.clients[cohort]),
            self.model.rate_at(round_ + self.skipped, config.rounds),
            self.method.span(self.budgets, config.dim, shared),
        )

    def _draws(self, cohort: Int64s) -> UInt64s:
        return keys(self.config.seed, Purpose.UPLINK, self.version, self.clients[cohort])

    def _train(self, cohort: Int64s, shared: np.uint64, node: Int64s | None = None) -> list[Upload]:
        """Return an upload of each client, or one of all if they are on one ``node``."""
        clock, config = Clock(), self.config
        clients, round_ = self.clients[cohort], self.version
        gathered = self._gathered(cohort, shared)
        updates, models = self.method.train(self.model, gathered, config)
        self.vectors[cohort] = gathered.vectors
        clock.lap(TRAINING)
        changes = models - self.scoring
        if config.dp_noise_multiplier:
            streams = keys(config.seed, Purpose.PRIVACY, round_, clients)
            noise = [self.noise or partial(normals, own) for own in streams]
            updates, changes = privatise(config, updates, changes, noise)
        if node is not None:
            updates, changes = [mean_update(updates)], mean_change(changes)
            own = np.flatnonzero(node == node[cohort[0]])
            cohort = own[[np.argmin(self.clients[own])]]
            clients = self.clients[cohort]
        payloads = self._encode(cohort, updates, shared)
        draws = keys(config.seed, Purpose.SCORING_UPLINK, round_, clients)
        coded = scoring.write_all(changes, config.scoring_numbers, round_, draws)
        uploads = [
            Upload(payload.of_round(round_).to_bytes(), change)
            for payload, change in zip(payloads, coded, strict=True)
        ]
        clock.lap(CODING)
        self.laps.append(clock.seconds)
        return uploads

    def _encode(
        self, cohort: Int64s, updates: Sequence[RowUpdate], shared: np.uint64
    ) -> list[Payload]:
        """Code each client's update with the codec of its budget, those of one codec together."""
        config, streams = self.config, self.stream[cohort]
        draws = self._draws(cohort)
        if self.method.absolute_uplink:
            updates = [
                update.with_values(update.values + self.replicas[stream][update.rows])
                for update, stream in zip(updates, streams, strict=True)
            ]
        if config.uplink_error_feedback:
            updates = [self.residuals.add(*pair) for pair in zip(cohort, updates, strict=True)]
        batch = Updates.of(updates)
        payloads: dict[int, Payload] = {}
        for stream in np.unique(streams):
            mine = np.flatnonzero(streams == stream)
            codec = self.method.uplink(int(self.budgets[stream]), shared)
            codec = codec.beside(self.replicas[stream])
            coded = codec.encode_all(batch.subset(mine), draws[mine])
            payloads.update(zip(mine.tolist(), coded, strict=True))
        if config.uplink_error_feedback:
            held = [self.replicas[stream] for stream in streams]
            sent = decode_all([payloads[i] for i in range(len(batch))], held)
            for client, wanted, heard in zip(cohort.tolist(), batch, sent, strict=True):
                self.residuals.keep(client, wanted, heard)
        return [payloads[i] for i in range(len(batch))]


def held(silo: Silo) -> Ranked:
    """Return what the clients of a silo rank with."""
    return Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream, silo.context)
