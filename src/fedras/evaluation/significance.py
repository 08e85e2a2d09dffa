"""How sure a metric is, and whether two runs differ in it, by resampling users.

A user is drawn with all of its held-out items. Users whose values are equal are drawn together, as
a count, so that a thousand resamples of many users take a fraction of a second.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fedras.arrays import Bools, Float64s, Int64s

CONFIDENCE = 0.95
_RESAMPLES, _FLIPS = 1_000, 10_000
_BLOCK = 1 << 22  # counts at a time
_ROUNDING = 1e-12


class Interval(NamedTuple):
    """A metric, and the bounds that it lies between in 95 % of all resamples."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """What a run has more than another, with its interval and the chance of as much by luck.

    Attributes
    ----------
    value, low, high
        As in `Interval`.
    p_randomisation, p_bootstrap
        Of the two tests of `difference`.
    """

    value: float
    low: float
    high: float
    p_randomisation: float
    p_bootstrap: float


def intervals(gains: Float64s, counts: Int64s, seed: int = 0) -> list[Interval]:
    """Return metrics with percentile bootstrap intervals over users.

    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13: of n users n are drawn
    with replacement, 1,000 times; the metric of each resample is the sum of its gains over the
    number of its held-out items, and the bounds are its 2.5 % and 97.5 % quantiles.

    Parameters
    ----------
    gains
        float64[P, m], what the held-out items of each user add to each of m metrics.
    counts
        int64[P], how many held-out items each user has.
    seed
        The same seed gives the same numbers.
    """
    value, found = _bootstrapped(gains, counts, seed)
    return [Interval(*map(float, each)) for each in zip(value, *_bounds(found), strict=True)]


def difference(
    gains: Float64s, others: Float64s, counts: Int64s, seed: int = 0
) -> list[Difference]:
    """Return what the gains of one run have more than those of another, on the same users.

    - The interval is `intervals` of each user's difference. By the same resamples, p is the share
      in which the difference is at least as far from the measured one as that is from 0 (Efron and
      Tibshirani, chapter 16).
    - The randomisation test swaps each user's two results with a chance of a half, 10,000 times,
      which changes the sign of its difference; p is the share in which the whole is at least as far
      from 0 as measured (Smucker, Allan and Carterette, A Comparison of Statistical Significance
      Tests for Information Retrieval Evaluation, CIKM 2007).

    Both count what was measured as one more sample, so no p is 0; equal runs have 1.

    Parameters
    ----------
    gains, others
        float64[P, m], of the two runs.
    counts, seed
        As for `intervals`.
    """
    mine = gains - others
    value, found = _bootstrapped(mine, counts, seed)
    flipped = np.concatenate(list(_flipped(mine, np.random.default_rng((seed, 1)))))
    measured = np.abs(value) - _ROUNDING
    by_flips = _share(np.abs(flipped) / max(1, counts.sum()) >= measured)
    by_bootstrap = _share(np.abs(found - value) >= measured)
    rows = zip(value, *_bounds(found), by_flips, by_bootstrap, strict=True)
    return [Difference(*map(float, row)) for row in rows]


def _bootstrapped(gains: Float64s, counts: Int64s, seed: int) -> tuple[Float64s, Float64s]:
    """Return float64[m], the metrics, and float64[1000, m], those of resamples."""
    both: Float64s = np.column_stack((gains, counts.astype(np.float64)))
    if not len(both):
        return np.zeros(gains.shape[1]), np.zeros((1, gains.shape[1]))
    generator = np.random.default_rng((seed, 0))
    kinds, users = np.unique(both, axis=0, return_counts=True)
    shares = users / len(both)
    sums = [
        _sums(generator.multinomial(len(both), shares, size), kinds)
        for size in _sizes(_RESAMPLES, len(kinds))
    ]
    total, found = _sums(users[None], kinds)[0], np.concatenate(sums)
    return total[:-1] / total[-1], found[:, :-1] / found[:, -1:]


def _flipped(gains: Float64s, generator: np.random.Generator) -> Iterator[Float64s]:
    """Yield float64[some, m], sums over users whose signs are drawn."""
    kinds, users = np.unique(gains, axis=0, return_counts=True)
    for size in _sizes(_FLIPS, len(kinds)):
        kept = generator.binomial(users, 0.5, (size, len(kinds)))
        yield _sums(2 * kept - users, kinds)


def _sums(counts: Int64s, kinds: Float64s) -> Float64s:
    """Return float64[B, m], the sums of values, float64[K, m], taken int64[B, K] times.

    Not by BLAS, whose order of additions depends on the number of threads.
    """
    return np.asarray(np.einsum("bk,km->bm", counts.astype(np.float64), kinds))


def _sizes(total: int, width: int) -> Iterator[int]:
    """Yield how many samples of so many counts to draw at a time."""
    block = max(1, _BLOCK // max(1, width))
    for start in range(0, total, block):
        yield min(block, total - start)


def _bounds(found: Float64s) -> Float64s:
    """Return float64[2, m], between which the middle 95 % are."""
    tail = (1 - CONFIDENCE) / 2
    return np.asarray(np.quantile(found, (tail, 1 - tail), axis=0))


def _share(far: Bools) -> Float64s:
    """Return float64[m], the share that is far of bool[B, m] samples and of what was measured."""
    return np.asarray((1 + far.sum(axis=0)) / (1 + len(far)))
