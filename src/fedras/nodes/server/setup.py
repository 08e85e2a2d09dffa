"""From a configuration to the coordinator of its nodes."""

import json
from functools import partial
from pathlib import Path

import numpy as np

from fedras.arrays import Float64s, UInt64s
from fedras.components import Components, components_of
from fedras.config import Config
from fedras.data import TIME, client_keys, most_held_out
from fedras.data.interactions import strings
from fedras.errors import UsageError
from fedras.federation.budgets import client_budgets, drawn_rates, read_rates
from fedras.federation.privacy import require_accountant
from fedras.federation.server import Server
from fedras.federation.start import new_server
from fedras.federation.summing import require_summable
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.link import Link
from fedras.nodes.messages import Join
from fedras.nodes.server.admission import Admission
from fedras.nodes.server.coordinator import Coordinator, Rates
from fedras.nodes.server.exchange import Exchange, Patience
from fedras.nodes.server.membership import Membership


def new_coordinator(
    config: Config,
    catalogue: Catalogue,
    link: Link,
    run: bytes,
    patience: Patience,
    admission: Admission,
) -> Coordinator:
    """Return the coordinator of a run that has not begun.

    Parameters
    ----------
    config
        Complete (`components.complete`); its data set is not looked at.
    catalogue
        The items.
    link
        To the nodes.
    run
        The token of the run, eight bytes.
    patience
        How long to wait.
    admission
        Whom the operator lets in.

    Raises
    ------
    UsageError
        If the configuration cannot be meant.
    FedrasError
        If a file that it names cannot be read.
    """
    require_accountant(config)
    require_split(config)
    parts = components_of(config)
    given, config = config, parts.method.configure(config)
    require_summable(config, parts.method)
    n_items, rates = len(catalogue.items), _rates(config, parts, len(catalogue.items))
    welcome = Join(run, _public(config, parts), n_items, catalogue.digest)
    make = partial(_make, config, parts, n_items, rates)
    parameters = len(make(np.zeros(0, np.uint64)).scoring)
    size = 8 * n_items * (config.dim + 2) + 9 * parameters  # twice float32, and room
    most = most_held_out(n_items, config.split, config.test_share)
    exchange = Exchange(link, welcome, patience, size, most, Membership(admission))
    return Coordinator(given, config, exchange, make, rates)


def require_split(config: Config) -> None:
    """Raise UsageError if nodes cannot split their data as the options ask."""
    if config.split == TIME:
        raise UsageError(
            "split=time: nobody in a federation knows all users' times, and so the point that cuts "
            "off the last share of them; take split=last or split=ratio"
        )


def _public(config: Config, parts: Components) -> str:
    """Return what nodes may know of the configuration: nothing of data or files."""
    options = {
        name: value
        for part in (parts.model, parts.method)
        for name, value in part.model_dump().items()
        if name in config.options
    }
    hidden = {"dataset", "data_dir", "rate_file", "threads", "options"}
    return json.dumps(config.model_dump(mode="json", exclude=hidden) | options)


def _make(
    config: Config, parts: Components, n_items: int, rates: Rates, clients: UInt64s
) -> Server:
    budgets, stream = client_budgets(rates(clients), parts.method, n_items, config.dim)
    return new_server(config, parts, n_items, clients, budgets, stream)


def _rates(config: Config, parts: Components, n_items: int) -> Rates:
    if config.rate_file is None:
        return partial(drawn_rates, config)
    listed = _by_client(config.rate_file)
    # Whoever joins later must not stop the run by a rate that the method has not.
    rates = np.array([config.compression_rate, *listed.values()])
    client_budgets(rates, parts.method, n_items, config.dim)
    return partial(_listed, listed, config.compression_rate)


def _by_client(path: Path) -> dict[int, float]:
    rows = [(user, rate) for _, user, rate in read_rates(path)]
    identities = client_keys(strings(user for user, _ in rows)).tolist()
    return {client: rate for client, (_, rate) in zip(identities, rows, strict=True)}


def _listed(listed: dict[int, float], otherwise: float, clients: UInt64s) -> Float64s:
    """Return the rates in the list; clients that are not in it have the run's own."""
    return np.array([listed.get(client, otherwise) for client in clients.tolist()])
