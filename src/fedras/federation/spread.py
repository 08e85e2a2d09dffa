"""How the rows of a coded update are spread: over its clusters, and by what coding keeps of them.

Both are histograms by the lower bound of each bin, as text, so that JSON keeps them as they are.
"""

from collections import Counter

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs import RowUpdate

_BINS = 20  # of a cosine, from -1 to 1


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

    It is 0 for a row of which nothing is heard, and taken in float32. A bin is a tenth wide, and
    the last has 1 in it.
    """
    rows = np.searchsorted(heard.rows, wanted.rows)
    rows[rows == len(heard.rows)] = 0
    there = len(heard.rows) > 0 and heard.rows[rows] == wanted.rows
    known = wanted.values
    found = heard.values[rows] if len(heard.rows) else np.zeros_like(known)
    length = np.sqrt(_dot(known, known) * _dot(found, found))
    cosine = np.divide(_dot(known, found), length, out=np.zeros_like(length), where=length > 0)
    bins = np.clip(np.floor((cosine * there + 1) * (_BINS // 2)), 0, _BINS - 1).astype(np.int64)
    counts = enumerate(np.bincount(bins, minlength=_BINS).tolist())
    return Counter({f"{at / (_BINS // 2) - 1:.1f}": n for at, n in counts if n})


def _dot(one: Float32s, other: Float32s) -> Float32s:
    """Return float32[n], the products of rows; added up column by column, on any processor."""
    return np.asarray(np.ascontiguousarray((one * other).T).sum(axis=0), np.float32)
