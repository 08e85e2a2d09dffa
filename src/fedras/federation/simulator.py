"""A whole federation in one process: the same server and clients, joined by a function call."""

from typing import Any

import numpy as np

from fedras import data
from fedras.arrays import AnyArray, Int64s
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.components import complete, interactions_of, labelled, method_of, model_of
from fedras.config import Config
from fedras.federation import scoring
from fedras.federation.budgets import client_budgets, client_rates
from fedras.federation.privacy import require_accountant
from fedras.federation.round import RoundResult, Transport, run_round
from fedras.federation.server import Server
from fedras.federation.start import new_server, new_silo
from fedras.federation.state import restore_server, server_state
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.kernels.jit import set_threads


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
        self.given = config = complete(labelled(config, interactions))
        self.transport: Transport = self._deliver
        require_accountant(config)
        set_threads(config.threads)
        self.model, self.method = model_of(config), method_of(config)
        self.interactions = interactions_of(config, interactions)
        self.config = config = self.method.configure(config)
        self.split = data.leave_one_out(self.interactions, config.validation)
        clients = data.client_keys(self.interactions.user_ids)
        rates = client_rates(config, self.interactions, clients)
        n_items = self.interactions.n_items
        budgets, stream = client_budgets(rates, self.method, n_items, config.dim)
        parts = config, n_items, clients, budgets, stream
        self.server = new_server(*parts)
        self.silo = new_silo(*parts, self.split.indptr, self.split.items)

    @property
    def round(self) -> int:
        """The number of rounds done."""
        return self.server.broadcast.round

    @property
    def share(self) -> float:
        """Rounds times clients a round, as a share of those that were asked for."""
        return share_of(self.given, self.config)

    def step(self) -> RoundResult:
        """Run the next round and deliver its update to the clients' replicas."""
        result = run_round(self.server, self.transport)
        self.silo.receive(self.server.broadcast)
        return result

    def _deliver(self, broadcast: Broadcast, cohort: Int64s) -> list[Upload]:
        self.silo.receive(broadcast)
        return self.silo.train(cohort)

    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Return all that changes from round to round: arrays (not copied) and JSON values."""
        arrays, values = server_state(self.server)
        silo = self.silo
        arrays |= {"vectors": silo.vectors, "replicas": silo.replicas}
        return arrays | silo.residuals.state(self.config.dim), values

    def restore(self, arrays: dict[str, AnyArray], values: dict[str, Any]) -> None:
        """Return to the state that `state` gave."""
        restore_server(self.server, arrays, values)
        silo = self.silo
        silo.vectors, silo.replicas = arrays["vectors"], arrays["replicas"]
        silo.scoring, silo.version = arrays["scoring"].copy(), values["round"]
        silo.residuals.restore(arrays)

    def uncompressed(self) -> Traffic:
        """Return what a client pays in one direction that exchanges the float32 matrix."""
        return uncompressed(self.server, self.given.dim)


def share_of(given: Config, configured: Config) -> float:
    """Return rounds times clients a round as a method has them, as a share of what was given."""
    trained = configured.rounds * configured.client_fraction
    return trained / (given.rounds * given.client_fraction)


def uncompressed(server: Server, dim: int) -> Traffic:
    """Return what a client of dimension ``dim`` pays that exchanges the float32 matrix."""
    shape = len(server.items), dim
    matrix = RowUpdate(np.arange(shape[0], dtype=np.int32), np.zeros(shape, np.float32), shape[0])
    data = Plain().encode(matrix, np.uint64(0)).to_bytes()
    traffic = Traffic(clients=1)
    traffic.add(data, Payload.from_bytes(data, shape))
    traffic.add_scoring(scoring.write(server.scoring, "f32", 0, np.uint64(0)))
    return traffic
