"""What training on a data set would meet, without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fedras.data.interactions import Interactions
from fedras.data.named import load
from fedras.data.split import evaluated, leave_one_out, told

_SHOWN = 3  # users whose held-out item is shown
_FEW_CLIENTS = 10  # in a round
_SPARSE = 20  # interactions per user
_DIM, _ROUNDS, _FRACTION, _NEGATIVES = 32, 500, 0.1, 99  # of the main job
_SAMPLES = 10  # per interaction of a client in a round: 1 and 4 sampled ones, twice
_SPEED = 1e7  # samples a second, on a small machine
_BASE = 250e6  # bytes of Python and its libraries


def check(
    name: str, data_dir: str | Path | None = None, options: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Load a data set and say what is in it, what would be held out and what to beware of.

    Returns
    -------
    dict with the keys ``name``, ``columns``, ``users``, ``items``, ``interactions``, ``density``,
    ``items_per_user`` (least, median, mean, most), ``evaluated`` (users), ``held_out`` (of some
    users), ``warnings``, ``memory_mb`` and ``seconds`` (roughly, of the main job) and ``options``
    (such as may fit).

    Raises
    ------
    UsageError, DataError
        See `named.load`.
    """
    data = load(name, data_dir, options or {})
    split = leave_one_out(data)
    data = told(data, split)
    who = np.flatnonzero(evaluated(data, split))
    counts = np.diff(data.indptr)
    names = data.item_ids if data.titles is None else data.titles
    return {
        "name": data.name,
        "columns": data.columns,
        "users": data.n_users,
        "items": data.n_items,
        "interactions": len(data),
        "density": data.density,
        "items_per_user": {
            "least": int(counts.min()),
            "median": float(np.median(counts)),
            "mean": float(counts.mean()),
            "most": int(counts.max()),
        },
        "evaluated": len(who),
        "held_out": [
            {"user": str(data.user_ids[user]), "item": str(names[split.held_out[user]])}
            for user in who[:_SHOWN]
        ],
        "warnings": [*data.notes, *_doubts(data)],
        "memory_mb": round(_memory(data) / 1e6),
        "seconds": round(_seconds(data), 1),
        "options": _fitting(data, len(who)),
    }


def _doubts(data: Interactions) -> list[str]:
    if "time=none" not in data.columns:
        return []
    return [
        "there is no time: what comes last in the file is held out, so its order has to mean it"
    ]


def _memory(data: Interactions) -> float:
    """Return roughly how many bytes the main job takes."""
    cohort = _FRACTION * len(data) * (1 + 4) * 4 * _DIM
    return _BASE + 30 * len(data) + 4 * _DIM * (data.n_users + 8 * data.n_items) + cohort


def _seconds(data: Interactions) -> float:
    """Return roughly how long the main job takes, without compiling."""
    samples = _FRACTION * len(data) * _SAMPLES
    return _ROUNDS * (samples / _SPEED + data.n_items * _DIM / 1e8)


def _fitting(data: Interactions, who: int) -> list[str]:
    """Return options that may fit this data better than the defaults do, each with its reason."""
    found = []
    least = data.n_items - int(np.diff(data.indptr).max())
    if 0 < least < _NEGATIVES:
        found.append(f"--set eval_negatives={least}: as many items are left for every user")
    if who < data.n_users:
        found.append("--set min_interactions=2: without users who cannot be evaluated")
    if _FRACTION * data.n_users < _FEW_CLIENTS:
        fraction = min(1.0, round(_FEW_CLIENTS / data.n_users + 0.005, 2))
        found.append(f"--set client_fraction={fraction}: {_FEW_CLIENTS} clients a round")
    if len(data) < _SPARSE * data.n_users:
        found.append(
            "--set weight_decay=0.05: sparse data often wants more of it; compare with --set "
            "validation=true"
        )
    return found
