"""A bound on the norm of what one client may say of an item: what is longer is shortened to it."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from fedras.arrays import Float32s, Float64s
from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.kernels.norms import row_norms, scaled


def bounded(
    config: Config, updates: list[RowUpdate], changes: Float32s
) -> tuple[list[RowUpdate], Float32s, int]:
    """Shorten the rows of updates, and the changes of scoring models, that are too long.

    The bound is ``norm_limit``, and ``norm_bound`` times the median over the clients of the root
    mean square of their norms: every client has one vote, however many rows it sends, so that a
    minority cannot move it far.

    Parameters
    ----------
    config
        Says the bounds; without any nothing is changed.
    updates
        One per client.
    changes
        float32[C, P].

    Returns
    -------
    The same with no row longer than the bound, and how many were.
    """
    if not (config.norm_bound or config.norm_limit):
        return updates, changes, 0
    updates, clipped = _clip(config, updates)
    first = np.zeros(1, np.int32)
    vectors, more = _clip(config, [RowUpdate(first, change[None], 1) for change in changes])
    changes = np.concatenate((changes[:0], *(vector.vectors for vector in vectors)))
    return updates, changes, clipped + more


def _clip(config: Config, updates: Sequence[RowUpdate]) -> tuple[list[RowUpdate], int]:
    """Shorten the vectors of each client, and count the rows that take them."""
    norms = [row_norms(update.vectors) for update in updates]
    longest = _longest(config, [own[u.chosen] for own, u in zip(norms, updates, strict=True)])
    result, clipped = [], 0
    for update, own in zip(updates, norms, strict=True):
        long = own > longest
        scale = np.divide(longest, own, out=np.ones_like(own), where=long)
        clipped += int(long[update.chosen].sum())
        result.append(replace(update, vectors=scaled(update.vectors, scale)))
    return result, clipped


def _longest(config: Config, norms: Sequence[Float64s]) -> float:
    """Return the bound, given the norms of each client's rows."""
    means = [np.sqrt(np.mean(own**2)) for own in norms if len(own)]
    bounds = [config.norm_limit] if config.norm_limit else []
    if config.norm_bound and means:
        bounds.append(config.norm_bound * float(np.median(means)))
    return min(bounds, default=np.inf)
