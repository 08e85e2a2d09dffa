"""Local differential privacy: what a client learnt is bounded and noised before it is coded."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.errors import UsageError
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast
from fedras.kernels.random import normals

_REPLACEMENT = 2
"""Two uploads of norm C are up to 2 C apart: one client's data may be anybody's."""


def privatise(
    config: Config, updates: Sequence[RowUpdate], changes: Float32s, keys: UInt64s
) -> tuple[list[RowUpdate], Float32s]:
    """Bound what each client is about to say, and add Gaussian noise to every number of it.

    The norm is that of a client's rows and its change of the scoring model together. The noise has
    the standard deviation ``dp_noise_multiplier * dp_clip_norm``. Whatever is done to the result,
    such as coding and error feedback, tells no more than the result.

    Parameters
    ----------
    config
        Says the norm, the noise, and with ``dp_all_rows`` to noise rows that were not touched too.
    updates
        One per client.
    changes
        float32[C, P], of the scoring model.
    keys
        uint64[C], streams of random numbers that only the client may know.
    """
    noised = []
    changed = np.empty_like(changes)
    deviation = config.dp_noise_multiplier * config.dp_clip_norm
    for i, (update, change, key) in enumerate(zip(updates, changes, keys, strict=True)):
        wide = _with_all_rows(update) if config.dp_all_rows else update
        said = np.concatenate((wide.values.ravel(), change))
        norm = float(np.linalg.norm(said.astype(np.float64)))
        said = said * np.float32(min(1.0, config.dp_clip_norm / norm) if norm else 1.0)
        said = said + normals(key, len(said), deviation)
        noised.append(wide.with_values(said[: wide.values.size].reshape(wide.values.shape)))
        changed[i] = said[wide.values.size :]
    return noised, changed


def require_accountant(config: Config) -> None:
    """Raise UsageError where there is noise, and the library that reports epsilon is missing."""
    if not config.dp_noise_multiplier:
        return
    try:
        import dp_accounting  # noqa: F401, PLC0415 -- an extra
    except ImportError:
        raise UsageError(
            "dp_noise_multiplier needs an accountant: pip install 'fedras[privacy]'"
        ) from None


def guarantee(server: Server, rounds: int) -> dict[str, Any]:
    """Return what ``summary.json`` says of privacy after so many rounds.

    Epsilon is that of the client that was selected most often, for all its uploads together; the
    server sees who takes part, so that selection hides nobody.
    """
    from dp_accounting import GaussianDpEvent, rdp  # noqa: PLC0415 -- slow to import, an extra

    config = server.config
    uploads = int(_selections(server, rounds).max())
    accountant = rdp.RdpAccountant()
    accountant.compose(GaussianDpEvent(config.dp_noise_multiplier / _REPLACEMENT), uploads)
    return {
        "epsilon": float(accountant.get_epsilon(config.dp_delta)),
        "delta": config.dp_delta,
        "uploads": uploads,
        "rows_hidden": config.dp_all_rows,
    }


def _selections(server: Server, rounds: int) -> Int64s:
    """Return int64[M], in how many rounds each client was selected."""
    count = np.zeros(len(server.clients), np.int64)
    for round_ in range(rounds):
        count[replace(server, broadcast=Broadcast(round_, (), b"")).select()] += 1
    return count


def _with_all_rows(update: RowUpdate) -> RowUpdate:
    values = np.zeros(update.shape, np.float32)
    values[update.rows] = update.values
    return RowUpdate(np.arange(update.size, dtype=np.int32), values, update.size)
