"""Local differential privacy: what a client learnt is bounded and noised before it is coded."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fedras.arrays import Float32s, Int64s
from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.errors import UsageError
from fedras.extras import install
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast

_REPLACEMENT = 2
"""Two uploads of norm C are up to 2 C apart: one client's data may be anybody's."""

_ROWS_SHOW = (
    "no epsilon holds: without dp_all_rows an upload shows which items it is about, which gives "
    "its client's items away, whatever the noise"
)

Draw = Callable[[int, float], Float32s]
"""Returns so many numbers drawn from N(0, deviation^2), float32[n]."""


def privatise(
    config: Config, updates: Sequence[RowUpdate], changes: Float32s, draws: Sequence[Draw]
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
    draws
        One per client, which nobody else may foresee.
    """
    noised = []
    changed = np.empty_like(changes)
    deviation = config.dp_noise_multiplier * config.dp_clip_norm
    for i, (update, change, draw) in enumerate(zip(updates, changes, draws, strict=True)):
        wide = _with_all_rows(update) if config.dp_all_rows else update
        said = np.concatenate((wide.values.ravel(), change))
        norm = float(np.linalg.norm(said.astype(np.float64)))
        said = said * np.float32(min(1.0, config.dp_clip_norm / norm) if norm else 1.0)
        said = said + draw(len(said), deviation)
        noised.append(wide.with_values(said[: wide.values.size].reshape(wide.values.shape)))
        changed[i] = said[wide.values.size :]
    return noised, changed


def system_normals(n: int, deviation: float) -> Float32s:
    """Return float32[n] draws from the operating system's cryptographic generator (`Draw`).

    By Box and Muller, from 53 random bits a number. They are rounded to single precision, and no
    draw is beyond 8.6 deviations: floating point has gaps that discrete noise has not (Mironov, On
    Significance of the Least Significant Bits for Differential Privacy, CCS 2012).
    """
    words = np.frombuffer(os.urandom(16 * ((n + 1) // 2)), np.uint64).reshape(2, -1)
    uniform = (words >> np.uint64(11)) * 2.0**-53
    radius, angle = deviation * np.sqrt(-2 * np.log1p(-uniform[0])), 2 * np.pi * uniform[1]
    pairs = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))
    return pairs[:n].astype(np.float32)


def require_accountant(config: Config) -> None:
    """Raise UsageError where epsilon will be reported, and the library for that is missing."""
    if not (config.dp_noise_multiplier and config.dp_all_rows):
        return
    try:
        import dp_accounting  # noqa: F401, PLC0415 -- an extra
    except ImportError:
        raise UsageError(
            f"dp_noise_multiplier needs an accountant; run: {install('privacy')}"
        ) from None


def guarantee(server: Server, rounds: int) -> dict[str, Any]:
    """Return what ``summary.json`` says of privacy after so many rounds.

    Epsilon is that of the client that was selected most often, for all its uploads together; the
    server sees who takes part, so that selection hides nobody. Where rows are visible there is no
    epsilon: they depend on the client's items, without any noise.
    """
    config = server.config
    if not config.dp_all_rows:
        return {"rows_hidden": False, "no_epsilon": _ROWS_SHOW}
    from dp_accounting import GaussianDpEvent, rdp  # noqa: PLC0415 -- slow to import, an extra

    uploads = int(_selections(server, rounds).max())
    accountant = rdp.RdpAccountant()
    accountant.compose(GaussianDpEvent(config.dp_noise_multiplier / _REPLACEMENT), uploads)
    return {
        "epsilon": float(accountant.get_epsilon(config.dp_delta)),
        "delta": config.dp_delta,
        "uploads": uploads,
        "rows_hidden": True,
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
