"""A bound on the norm of what one client may say of an item: what is longer is shortened to it."""

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace

from fedras.arrays import Float32s, Float64s
from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.core.updates import row_norms, scaled
from fedras.federation.reading import mapped


def bounded(
    config: Config, updates: Sequence[RowUpdate], changes: Float32s
) -> tuple[Sequence[RowUpdate], Float32s, int]:
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
    longest = _longest(config, (_norms(update) for update in updates))
    clipped = sum(int((_norms(update) > longest).sum()) for update in updates)
    updates = mapped(updates, lambda update: replace(update, vectors=_cut(update.vectors, longest)))
    norms = row_norms(changes)
    longest_change = _longest(config, norms[:, None])
    clipped += int((norms > longest_change).sum())
    return updates, _cut(changes, longest_change), clipped


def _norms(update: RowUpdate) -> Float64s:
    """Return the norm of each row, float64[n]."""
    return row_norms(update.vectors)[update.chosen]


def _cut(vectors: Float32s, longest: float) -> Float32s:
    """Shorten each of float32[n, d] to ``longest``."""
    norms = row_norms(vectors)
    scale = np.divide(longest, norms, out=np.ones_like(norms), where=norms > longest)
    return scaled(vectors, scale)


def _longest(config: Config, norms: Iterable[Float64s]) -> float:
    """Return the bound, given the norms of each client's rows."""
    means = [np.sqrt(np.mean(own**2)) for own in norms if len(own)]
    bounds = [config.norm_limit] if config.norm_limit else []
    if config.norm_bound and means:
        bounds.append(config.norm_bound * float(np.median(means)))
    return min(bounds, default=np.inf)
