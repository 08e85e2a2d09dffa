"""How the rows of a coded update are spread: over its clusters, and by what coding keeps of them.

Both are histograms by the lower bound of each bin, as text, so that JSON keeps them as they are.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from fedras.codecs import RowUpdate
from fedras.core.updates import cosine_counts

_BINS = 20  # of a cosine, from -1 to 1
_NAMES = [f"{at / (_BINS // 2) - 1:.1f}" for at in range(_BINS)]


class Spread(NamedTuple):
    """What clients hear of the server's updates, each stream counted once for each client.

    Attributes
    ----------
    actions
        The mean number of distinct row vectors.
    cosine
        The mean cosine between the rows of an update and what is heard of them.
    cluster_sizes, cosines
        What these two are the means of.
    """

    actions: float
    cosine: float
    cluster_sizes: Counter[str]
    cosines: Counter[str]


def spread(said: Sequence[tuple[RowUpdate, RowUpdate]], listeners: Sequence[int]) -> Spread:
    """Return how the updates are spread.

    Parameters
    ----------
    said
        By stream, what was to be said, and what its clients heard of it (`Server.publish`); empty
        where the server kept silent.
    listeners
        By stream, how many clients hear it.
    """
    sizes, cosines, means = Counter[str](), Counter[str](), []
    if not said:
        return Spread(0.0, 0.0, sizes, cosines)
    for (wanted, heard), clients in zip(said, listeners, strict=True):
        mean, counts = _cosines(wanted, heard)
        means.append(mean)
        cosines.update({name: clients * n for name, n in counts.items()})
        sizes.update({name: clients * n for name, n in cluster_sizes(heard).items()})
    actions = [heard.actions for _, heard in said]
    return Spread(fmean(actions, listeners), fmean(means, listeners), sizes, cosines)


def cluster_sizes(heard: RowUpdate) -> Counter[str]:
    """Return how many actions are of 1 row, of 2 or 3, of 4 to 7, and so on.

    Nothing where each row has a vector of its own.
    """
    if heard.index is None:
        return Counter()
    sizes = np.bincount(heard.index)
    powers = np.bincount(np.frexp(sizes[sizes > 0])[1] - 1)
    return Counter({str(1 << power): n for power, n in enumerate(powers.tolist()) if n})


def cosines(wanted: RowUpdate, heard: RowUpdate) -> Counter[str]:
    """Return how many rows of an update have which cosine with what is heard of them.

    It is 0 for a row of which nothing is heard. A bin is a tenth wide, and the last has 1 in it.
    """
    return _cosines(wanted, heard)[1]


def _cosines(wanted: RowUpdate, heard: RowUpdate) -> tuple[float, Counter[str]]:
    known, found = map(np.ascontiguousarray, (wanted.vectors, heard.vectors))
    mean, counts = cosine_counts(
        wanted.rows, known, wanted.chosen, heard.rows, found, heard.chosen, _BINS
    )
    return mean, Counter({name: n for name, n in zip(_NAMES, counts.tolist(), strict=True) if n})
