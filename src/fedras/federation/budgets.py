"""Each client's own limit e_u, in rows of the item matrix (paper, sections 4.1 and 5.5)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fedras.arrays import Float64s, Int64s, UInt64s
from fedras.config import Config
from fedras.data.interactions import Interactions
from fedras.errors import UsageError
from fedras.federation.user_values import read_user_values
from fedras.methods.method import Method, rehearse
from fedras.rng import Purpose, keys


def client_rates(config: Config, interactions: Interactions, clients: UInt64s) -> Float64s:
    """Return float64[M], each client's compression rate: one for all, drawn, or from a file.

    Raises
    ------
    UsageError
        If ``rate_file`` does not give every user a rate in [0, 1).
    """
    if config.rate_file is not None:
        return _user_rates(config.rate_file, interactions)
    return drawn_rates(config, clients)


def drawn_rates(config: Config, clients: UInt64s) -> Float64s:
    """Return float64[M], one rate for all clients, uint64[M], or each client's draw of a range."""
    if config.rate_range is None:
        return np.full(len(clients), config.compression_rate)
    levels = np.linspace(*config.rate_range, config.rate_levels)
    draws = keys(config.seed, Purpose.BUDGET, clients) >> np.uint64(32)
    return np.asarray(levels[(draws * np.uint64(len(levels))) >> np.uint64(32)], np.float64)


def client_budgets(
    rates: Float64s, method: Method, n_items: int, dim: int
) -> tuple[Int64s, Int64s]:
    """Return the distinct budgets, int64[S] ascending, and which of them each client has.

    Raises
    ------
    UsageError
        If the method cannot express a rate, or its codecs refuse one of its options.
    """
    distinct, which = np.unique(rates, return_inverse=True)
    limits = np.array([method.budget(rate, n_items, dim) for rate in distinct])
    budgets, stream = np.unique(limits[which], return_inverse=True)
    rehearse(method, budgets.tolist(), n_items, dim)
    return budgets.astype(np.int64), stream.astype(np.int64)


def read_rates(path: Path) -> Iterator[tuple[str, str, float]]:
    """Yield each row of a CSV file of user,rate: where it stands, the user and the rate.

    Raises
    ------
    UsageError
        If a row is something else.
    FedrasError
        If the file cannot be read.
    """
    for where, user, text in read_user_values(path, "rate"):
        yield where, user, _rate(text, where)


def _user_rates(path: Path, interactions: Interactions) -> Float64s:
    rates = np.full(interactions.n_users, np.nan)
    position = {user: u for u, user in enumerate(interactions.user_ids.tolist())}
    for where, user, rate in read_rates(path):
        if user not in position:
            raise UsageError(f"{where}: {interactions.name} has no user {user!r}")
        rates[position[user]] = rate
    missing = np.flatnonzero(np.isnan(rates))
    if len(missing):
        lacking = str(interactions.user_ids[missing[0]])
        raise UsageError(f"{path} gives user {lacking!r} no rate ({len(missing)} users have none)")
    return rates


def _rate(text: str, where: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < 1:
        raise UsageError(f"{where}: compression rate {text!r} is not a number in [0, 1)")
    return rate
