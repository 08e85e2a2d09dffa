"""A whole federation in one process: the same server and clients, joined by a function call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedras import data
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.components import complete, dataset_of, method_of, model_of
from fedras.config import Config
from fedras.federation import scoring
from fedras.federation.budgets import client_budgets, client_rates
from fedras.federation.client import Silo, initial_items, initial_vectors
from fedras.federation.round import RoundResult, run_round
from fedras.federation.server import Server, Stream
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.kernels.jit import set_threads
from fedras.rng import Purpose, key


class Simulation:
    """All clients of a data set in one silo, and their server.

    Parameters
    ----------
    config
        Its open ends are completed (`components.complete`); `config` holds the result.
    interactions
        The data; by default what ``config`` names is loaded.

    Raises
    ------
    UsageError
        If the configuration cannot be meant.
    DataError
        If the data cannot be had.
    """

    def __init__(self, config: Config, interactions: data.Interactions | None = None) -> None:
        config = complete(config)
        set_threads(config.threads)
        self.model, self.method = model_of(config), method_of(config)
        options = dataset_of(config).model_dump(exclude={"path"})
        self.interactions = interactions or data.load(config.dataset, config.data_dir, options)
        self.config = config = self.method.configure(config, self.interactions.n_items)
        self.split = data.leave_one_out(self.interactions, config.validation)
        clients = data.client_keys(self.interactions.user_ids)
        rates = client_rates(config, self.interactions, clients)
        budgets, stream = client_budgets(rates, self.method, self.interactions.n_items)
        items = initial_items(config.seed, self.interactions.n_items, config.dim)
        theta = self.model.initial_scoring(config.dim, key(config.seed, Purpose.SCORING))
        listeners = np.bincount(stream, minlength=len(budgets))
        self.server = Server(
            clients,
            items,
            theta,
            [Stream(int(b), int(n), items.copy()) for b, n in zip(budgets, listeners, strict=True)],
            Broadcast(0, (), b""),
        )
        self.silo = Silo(
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

    def step(self) -> RoundResult:
        """Run the next round and deliver its update to the clients' replicas."""
        result = run_round(self.server, self.method, self.config, self._transport)
        self.silo.receive(self.server.broadcast)
        return result

    def _transport(self, broadcast: Broadcast, cohort: NDArray[np.int64]) -> list[Upload]:
        self.silo.receive(broadcast)
        return self.silo.train(cohort, self.model, self.method, self.config)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return all that changes from round to round: arrays, and what JSON can hold."""
        arrays = {
            "items": self.server.items,
            "scoring": self.server.scoring,
            "vectors": self.silo.vectors,
            "replicas": self.silo.replicas,
        }
        return arrays, {
            "round": self.round,
            "memories": [stream.memory for stream in self.server.streams],
        }

    def restore(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Return to the state that `state` gave."""
        self.server.items = arrays["items"]
        self.server.scoring, self.silo.scoring = arrays["scoring"], arrays["scoring"].copy()
        self.silo.vectors, self.silo.replicas = arrays["vectors"], arrays["replicas"]
        self.silo.version = values["round"]
        for s, stream in enumerate(self.server.streams):
            stream.replica = arrays["replicas"][s].copy()
            stream.memory = values["memories"][s]
        self.server.broadcast = Broadcast(values["round"], (), b"")

    def uncompressed(self) -> Traffic:
        """Return what a client pays in one direction that exchanges the float32 matrix."""
        rows = np.arange(len(self.server.items), dtype=np.int32)
        payload = Plain().encode(RowUpdate(rows, self.server.items, len(rows)), np.uint64(0))
        bytes_ = payload.to_bytes()
        traffic = Traffic(clients=1)
        traffic.add(bytes_, Payload.from_bytes(bytes_, self.server.items.shape))
        traffic.add_scoring(scoring.write(self.server.scoring, 0))
        return traffic
