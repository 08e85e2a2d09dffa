"""Clients of different budgets, in a few groups: what each reaches and pays."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fedras.arrays import Int64s
from fedras.evaluation import metrics
from fedras.federation.stream import Stream

MOST = 5
"""Groups; where there are more budgets, neighbours share one, each with about as many clients."""


def tiers(
    streams: Sequence[Stream],
    sent: Counter[str],
    received: Counter[str],
    counts: Int64s | None,
    at: Sequence[int],
) -> list[dict[str, Any]]:
    """Return a record for each group of budgets, ascending; none where all clients have the same.

    Parameters
    ----------
    streams
        Of all clients.
    sent, received
        Bytes of all clients of a budget so far.
    counts
        int64[streams, bins], histograms of ranks (`metrics.counts`); None where only their sum is
        known.
    at
        Cut-offs of the metrics.
    """
    heard = sorted((s for s, each in enumerate(streams) if each.listeners), key=_by(streams))
    if len(heard) < 2:
        return []
    clients = np.array([streams[s].listeners for s in heard])
    middle = np.cumsum(clients) - clients / 2
    wide = min(MOST, len(heard))
    group = np.arange(len(heard)) if len(heard) <= MOST else middle * wide // clients.sum()
    found = []
    for which in np.unique(group):
        mine = [s for s, own in zip(heard, group, strict=True) if own == which]
        budgets = [streams[s].budget for s in mine]
        users = sum(streams[s].listeners for s in mine)
        paid = {
            name: sum(of[str(budget)] for budget in budgets) / users
            for name, of in (("sent", sent), ("received", received))
        }
        quality = {} if counts is None else metrics.of_counts(counts[mine].sum(axis=0), at)
        found.append({"budget": [budgets[0], budgets[-1]], "users": users} | paid | quality)
    return found


def _by(streams: Sequence[Stream]) -> Any:
    return lambda s: streams[s].budget
