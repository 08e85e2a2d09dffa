"""Server and clients before the first round."""

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s, UInt64s
from fedras.components import Components
from fedras.config import Config
from fedras.core.random import normals, normals_of
from fedras.errors import UsageError
from fedras.federation.client import Silo
from fedras.federation.server import Server
from fedras.federation.stream import Stream
from fedras.methods import Method
from fedras.models import Model
from fedras.rng import Purpose, key, keys


def new_server(
    config: Config,
    parts: Components,
    n_items: int,
    clients: UInt64s,
    budgets: Int64s,
    stream: Int64s,
) -> Server:
    """Return the server of some clients.

    Parameters
    ----------
    config
        What is run, configured by the method.
    parts
        What it names.
    n_items
        The number of items, N.
    clients
        uint64[M], their identities.
    budgets, stream
        int64[S], the distinct budgets, and int64[M], which of them each client has.

    Raises
    ------
    UsageError
        If it shall be silent in some rounds and forget what it did not say.
    """
    if config.every > 1 and not config.error_feedback:
        raise UsageError(
            f"every={config.every} needs error feedback, which keeps what the server has not said; "
            f"give error_feedback=true, or leave every out where {config.method} cannot have it"
        )
    items = _items(config, parts.model, n_items)
    listeners = np.bincount(stream, minlength=len(budgets))
    return Server(
        config=config,
        model=parts.model,
        method=parts.method,
        aggregation=parts.aggregation,
        clients=clients,
        stream_of=stream,
        items=items,
        scoring=_scoring(config, parts.model),
        streams=[
            Stream(budget=int(b), listeners=int(n), replica=items.copy())
            for b, n in zip(budgets, listeners, strict=True)
        ],
    )


def new_silo(
    config: Config,
    model: Model,
    method: Method,
    n_items: int,
    clients: UInt64s,
    budgets: Int64s,
    stream: Int64s,
    indptr: Int64s,
    items: Int32s,
) -> Silo:
    """Return a silo of some clients, whose training rows are ``indptr`` and ``items`` (`Silo`).

    The rest is as for `new_server`.
    """
    start = _items(config, model, n_items)
    return Silo(
        config=config,
        model=model,
        method=method,
        clients=clients,
        indptr=indptr,
        items=items,
        budgets=budgets,
        stream=stream,
        vectors=first_vectors(config, model, clients),
        replicas=np.repeat(start[None], len(budgets), axis=0),
        scoring=_scoring(config, model),
    )


def _items(config: Config, model: Model, n_items: int) -> Float32s:
    """Return float32[N, d] drawn from N(0, (`initial_scale` / d)^2): all sides make it alike."""
    draws = normals(
        key(config.seed, Purpose.ITEMS), n_items * config.dim, model.initial_scale / config.dim
    )
    return draws.reshape(n_items, config.dim)


def first_vectors(config: Config, model: Model, clients: UInt64s) -> Float32s:
    """Return float32[M, d] drawn from the same, each user's from its own key."""
    own = keys(config.seed, Purpose.USER, clients)
    return model.prepared(normals_of(own, config.dim, model.initial_scale / config.dim))


def _scoring(config: Config, model: Model) -> Float32s:
    """Return the scoring model, float32[P], that all sides start from."""
    return model.initial_scoring(config.dim, key(config.seed, Purpose.SCORING))
