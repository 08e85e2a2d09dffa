"""The clients' side: all that stays private, and the local half of a round."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedras.codecs import Payload
from fedras.codecs.codec import Codec, RowUpdate, decode
from fedras.config import Config
from fedras.federation import scoring
from fedras.federation.wire import Broadcast, Upload
from fedras.kernels.gather import gather
from fedras.kernels.random import normals
from fedras.methods import Method
from fedras.models import Cohort, Model
from fedras.rng import Purpose, key, keys

Floats = NDArray[np.float32]


def initial_items(seed: int, n_items: int, dim: int) -> Floats:
    """Return float32[N, d] drawn from N(0, 1/d^2): every side makes it from the seed."""
    draws = normals(key(seed, Purpose.ITEMS), n_items * dim, 1 / dim)
    return draws.reshape(n_items, dim)


def initial_vectors(seed: int, clients: NDArray[np.uint64], dim: int) -> Floats:
    """Return float32[M, d] drawn from N(0, 1/d^2), each user's from its own key."""
    streams = keys(seed, Purpose.USER, clients)
    return np.stack([normals(stream, dim, 1 / dim) for stream in streams])


@dataclass(eq=False)
class Silo:
    """Some clients in one place, with everything that never leaves it.

    Attributes
    ----------
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
        float32[P], as last received.
    version
        How many updates the replicas hold.
    """

    clients: NDArray[np.uint64]
    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    budgets: NDArray[np.int64]
    stream: NDArray[np.int64]
    vectors: Floats
    replicas: Floats
    scoring: Floats
    version: int = 0

    def receive(self, broadcast: Broadcast) -> None:
        """Add each stream's update to its replica (Algorithm 1, lines 14 to 17).

        Raises
        ------
        PayloadError
            For bytes that are not the next update; nothing has changed then.
        """
        if broadcast.round <= self.version:
            return
        shape = self.replicas[0].shape
        parsed = [Payload.from_bytes(data, shape, broadcast.round) for data in broadcast.items]
        updates = [decode(payload) for payload in parsed]
        if broadcast.scoring:
            self.scoring = scoring.read(broadcast.scoring, len(self.scoring), broadcast.round)
        for replica, update in zip(self.replicas, updates, strict=True):
            update.add_to(replica)
        self.version = broadcast.round

    def train(
        self, cohort: NDArray[np.int64], model: Model, method: Method, config: Config
    ) -> list[Upload]:
        """Train the clients ``cohort``, int64[C], and code what they learnt (lines 18 to 29)."""
        clients, round_ = self.clients[cohort], self.version
        vectors = self.vectors[cohort]
        positives, bounds = gather(self.indptr, self.items, cohort)
        updates, models = model.train(
            Cohort(
                vectors,
                positives,
                bounds,
                self.replicas,
                self.stream[cohort],
                self.scoring,
                keys(config.seed, Purpose.TRAINING, round_, clients),
                config.learning_rate_at(round_),
            ),
            config,
        )
        self.vectors[cohort] = vectors
        codecs = [method.uplink(int(self.budgets[stream])) for stream in self.stream[cohort]]
        payloads = encode_all(codecs, updates, keys(config.seed, Purpose.UPLINK, round_, clients))
        return [
            Upload(payload.of_round(round_).to_bytes(), scoring.write(theta, round_))
            for payload, theta in zip(payloads, models, strict=True)
        ]


def encode_all(
    codecs: list[Codec], updates: list[RowUpdate], streams: NDArray[np.uint64]
) -> list[Payload]:
    """Code each update with its codec, those of one codec together."""
    payloads: dict[int, Payload] = {}
    for codec in dict.fromkeys(codecs):
        mine = [i for i, other in enumerate(codecs) if other == codec]
        coded = codec.encode_all([updates[i] for i in mine], streams[mine])
        payloads.update(zip(mine, coded, strict=True))
    return [payloads[i] for i in range(len(updates))]
