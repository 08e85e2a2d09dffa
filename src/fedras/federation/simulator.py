"""A whole federation in one process: the same server and clients, joined by a function call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedras import data
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.components import aggregation_of, complete, dataset_of, method_of, model_of
from fedras.config import Config
from fedras.federation import scoring
from fedras.federation.budgets import client_budgets, client_rates
from fedras.federation.client import Silo, initial_items, initial_vectors
from fedras.federation.privacy import require_accountant
from fedras.federation.round import RoundResult, Transport, run_round
from fedras.federation.server import Server, Stream
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.kernels.jit import set_threads
from fedras.rng import Purpose, key


class Simulation:
    """All clients of a data set in one silo, and their server.

    Parameters
    ----------
    config
        What to run; `given` holds it completed with all defaults, `config` as the method trains it.
    interactions
        The data; by default what ``config`` names is loaded.

    Attributes
    ----------
    transport
        What joins server and silo; a function around it can lose, delay or forge what passes.

    Raises
    ------
    UsageError
        If the configuration cannot be meant.
    DataError
        If the data cannot be had.
    """

    def __init__(self, config: Config, interactions: data.Interactions | None = None) -> None:
        self.given = config = complete(config)
        self.transport: Transport = self._deliver
        if config.dp_noise_multiplier:
            require_accountant()
        set_threads(config.threads)
        self.model, self.method = model_of(config), method_of(config)
        options = dataset_of(config).model_dump(exclude={"path"})
        self.interactions = interactions or data.load(config.dataset, config.data_dir, options)
        self.config = config = self.method.configure(config)
        self.split = data.leave_one_out(self.interactions, config.validation)
        clients = data.client_keys(self.interactions.user_ids)
        rates = client_rates(config, self.interactions, clients)
        budgets, stream = client_budgets(rates, self.method, self.interactions.n_items, config.dim)
        items = initial_items(config.seed, self.interactions.n_items, config.dim)
        theta = self.model.initial_scoring(config.dim, key(config.seed, Purpose.SCORING))
        listeners = np.bincount(stream, minlength=len(budgets))
        self.server = Server(
            config,
            self.model,
            self.method,
            aggregation_of(config),
            clients,
            stream,
            items,
            theta,
            np.zeros_like(theta),
            [Stream(int(b), int(n), items.copy()) for b, n in zip(budgets, listeners, strict=True)],
            Broadcast(0, (), b""),
            np.zeros(len(clients), np.int64),
        )
        self.silo = Silo(
            config,
            self.model,
            self.method,
            clients,
            self.split.indptr,
            self.split.items,
            budgets,
            stream,
            initial_vectors(config.seed, clients, config.dim),
            np.repeat(items[None], len(budgets), axis=0),
            theta.copy(),
        )

    @property
    def round(self) -> int:
        """The number of rounds done."""
        return self.server.broadcast.round

    @property
    def share(self) -> float:
        """Rounds times clients a round, as a share of those that were asked for."""
        trained = self.config.rounds * self.config.client_fraction
        return trained / (self.given.rounds * self.given.client_fraction)

    def step(self) -> RoundResult:
        """Run the next round and deliver its update to the clients' replicas."""
        result = run_round(self.server, self.transport)
        self.silo.receive(self.server.broadcast)
        return result

    def _deliver(self, broadcast: Broadcast, cohort: NDArray[np.int64]) -> list[Upload]:
        self.silo.receive(broadcast)
        return self.silo.train(cohort)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return all that changes from round to round: arrays (not copied) and JSON values."""
        server, silo = self.server, self.silo
        arrays: dict[str, NDArray[Any]] = {
            "items": server.items,
            "scoring": server.scoring,
            "scoring_lost": server.scoring_lost,
            "scoring_sent": np.frombuffer(bytearray(server.broadcast.scoring), np.uint8),
            "heard": server.heard,
            "trust": server.trust,
            "vectors": silo.vectors,
            "replicas": silo.replicas,
            **silo.residuals.state(self.config.dim),
        }
        for s, update in enumerate(server.broadcast.items):
            arrays[f"broadcast_{s}"] = np.frombuffer(update, np.uint8)
        streams = [
            {"memory": stream.memory, "log": stream.log, "snapshot": stream.snapshot}
            for stream in server.streams
        ]
        values = {"round": self.round, "streams": streams, "scoring_log": server.scoring_log}
        return arrays, values

    def restore(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Return to the state that `state` gave."""
        server, silo, round_ = self.server, self.silo, values["round"]
        server.items, server.heard = arrays["items"], arrays["heard"]
        server.trust = arrays["trust"]
        server.scoring, silo.scoring = arrays["scoring"], arrays["scoring"].copy()
        server.scoring_lost, server.scoring_log = arrays["scoring_lost"], values["scoring_log"]
        silo.vectors, silo.replicas = arrays["vectors"], arrays["replicas"]
        silo.version = round_
        silo.residuals.restore(arrays)
        for s, (stream, kept) in enumerate(zip(server.streams, values["streams"], strict=True)):
            stream.replica = arrays["replicas"][s].copy()
            stream.memory, stream.log = kept["memory"], kept["log"]
            stream.snapshot = kept["snapshot"]
        coded = [
            arrays[f"broadcast_{s}"].tobytes() for s in range(len(server.streams) if round_ else 0)
        ]
        server.broadcast = Broadcast(round_, tuple(coded), arrays["scoring_sent"].tobytes())

    def uncompressed(self) -> Traffic:
        """Return what a client pays in one direction that exchanges the float32 matrix."""
        shape = len(self.server.items), self.given.dim
        matrix = RowUpdate(
            np.arange(shape[0], dtype=np.int32), np.zeros(shape, np.float32), shape[0]
        )
        data = Plain().encode(matrix, np.uint64(0)).to_bytes()
        traffic = Traffic(clients=1)
        traffic.add(data, Payload.from_bytes(data, shape))
        traffic.add_scoring(scoring.write(self.server.scoring, "f32", 0, np.uint64(0)))
        return traffic
