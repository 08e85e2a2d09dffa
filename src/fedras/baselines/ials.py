"""Matrix factorisation by implicit alternating least squares."""

from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s, Float64s, Int64s
from fedras.baselines.baseline import BASELINES, Baseline
from fedras.baselines.rows import Rows, side_by_side
from fedras.config import LARGEST, MOST_PASSES
from fedras.evaluation.evaluation import Scores
from fedras.parallel import one_blas_thread

_BATCH = 1 << 22  # gathered numbers that are in memory at a time
_GROWTH = 1.25  # rows of a batch differ by as much in length
_STEPS = 3  # of conjugate gradients, which begin where the last sweep ended
_TINY = np.float32(1e-30)


@BASELINES.register("ials")
class IALS(Baseline):
    """Least squares on all pairs, solved for users and items in turn.

    Minimises, over vectors w_u and h_i,
    sum over ones (1 - w_u h_i)^2 + a sum over all pairs (w_u h_i)^2
    + l (sum_u (n_u + a N) |w_u|^2 + sum_i (n_i + a M) |h_i|^2).
    """

    title: ClassVar[str] = "iALS"
    citation: ClassVar[str] = (
        "Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets, "
        "ICDM 2008; Rendle, Krichene, Zhang and Koren, Revisiting the Performance of iALS on "
        "Item Recommendation Benchmarks, RecSys 2022"
    )
    axes: ClassVar[dict[str, tuple[float, ...]]] = {
        "dim": (16, 32, 64, 128),
        "weight": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        "decay": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    }
    dim: int = Field(64, ge=1, le=4096, description="of the vectors")
    weight: float = Field(0.1, gt=0, le=LARGEST, description="a, of pairs that nobody has told of")
    decay: float = Field(0.003, ge=0, le=LARGEST, description="l")
    sweeps: int = Field(12, ge=1, le=MOST_PASSES, description="over users and items")
    seed: int = Field(0, ge=0, lt=2**63, description="of the first item vectors")

    @classmethod
    def work(cls, rows: Rows) -> float:
        """Return it: with all ones and with the shared matrix, a few times a sweep."""
        usual = cls()
        products = len(rows.columns) + usual.dim * (len(rows) + rows.width)
        return 8.0 * _STEPS * usual.sweeps * usual.dim * products

    def fit(self, rows: Rows) -> Scores:
        """Alternate; the factors are in `factors`."""
        *_, (users, items) = self.factors(rows)

        @one_blas_thread
        def scores(chosen: Int64s) -> Float32s:
            return users[chosen] @ items.T

        return scores

    def factors(self, rows: Rows) -> Iterator[tuple[Float32s, Float32s]]:
        """Yield float32[M, d] and float32[N, d] after each sweep."""
        sides = self._side(rows), self._side(rows.transposed)
        users = np.zeros((len(rows), self.dim), np.float32)
        items = np.random.default_rng(self.seed).standard_normal((rows.width, self.dim), np.float32)
        items *= (0.1 / np.sqrt(self.dim) * (sides[1].rows.counts > 0)).astype(np.float32)[:, None]
        for _ in range(self.sweeps):
            users = self._improved(sides[0], users, items)
            items = self._improved(sides[1], items, users)
            yield users, items

    def loss(self, rows: Rows, users: Float32s, items: Float32s) -> float:
        """Return what is minimised."""
        row = np.repeat(np.arange(len(rows)), rows.counts)
        w, h = users.astype(np.float64), items.astype(np.float64)
        ones = np.einsum("nd,nd->n", w[row], h[rows.columns])
        everything = np.sum((w.T @ w) * (h.T @ h))
        norms = self._norms(rows) @ np.square(w).sum(1)
        norms += self._norms(rows.transposed) @ np.square(h).sum(1)
        return float(np.square(1 - ones).sum() + self.weight * everything + self.decay * norms)

    def _norms(self, rows: Rows) -> Float64s:
        return np.asarray(rows.counts + self.weight * rows.width)

    def _side(self, rows: Rows) -> "_Side":
        decay = (self.decay * self._norms(rows)).astype(np.float32)
        return _Side(rows, decay, _batches(rows, self.dim))

    def _improved(self, side: "_Side", mine: Float32s, other: Float32s) -> Float32s:
        """Return float32[R, d], better vectors of the rows for those of the columns."""
        with one_blas_thread:
            shared = np.float32(self.weight) * (other.T @ other)
        padded = np.concatenate((other, np.zeros((1, self.dim), np.float32)))
        better = mine.copy()

        def improve(chosen: Int64s) -> None:
            theirs = padded[_columns(side.rows, chosen)]
            transposed, decay = theirs.transpose(0, 2, 1), side.decay[chosen, None]

            def times(x: Float32s) -> Float32s:
                seen = transposed @ (theirs @ x[:, :, None])
                return np.asarray(seen[:, :, 0] + x @ shared + decay * x)

            better[chosen] = _descended(times, theirs.sum(axis=1), mine[chosen])

        side_by_side(improve, side.batches)
        return better


class _Side(NamedTuple):
    """Users or items as they are solved: their rows, float32[R] decay, and rows in batches."""

    rows: Rows
    decay: Float32s
    batches: list[Int64s]


def _descended(
    times: Callable[[Float32s], Float32s], right: Float32s, x: Float32s, steps: int = _STEPS
) -> Float32s:
    """Return float32[b, d] nearer to where ``times(x)`` is ``right``, by conjugate gradients."""
    left = right - times(x)
    direction, size = left, _dots(left, left)
    for _ in range(steps):
        image = times(direction)
        step = _ratio(size, _dots(direction, image))
        x, left = x + step * direction, left - step * image
        before, size = size, _dots(left, left)
        direction = left + _ratio(size, before) * direction
    return x


def _dots(a: Float32s, b: Float32s) -> Float32s:
    return np.asarray(np.einsum("bd,bd->b", a, b)[:, None], np.float32)


def _ratio(a: Float32s, b: Float32s) -> Float32s:
    return np.asarray(a / (b + _TINY), np.float32)


def _columns(rows: Rows, chosen: Int64s) -> Int64s:
    """Return int64[b, longest], the columns of some rows, filled up with C."""
    counts = rows.counts[chosen]
    at = np.arange(counts.max())
    places = np.minimum(rows.indptr[chosen, None] + at, len(rows.columns) - 1)
    return np.where(at < counts[:, None], rows.columns[places], rows.width)


def _batches(rows: Rows, dim: int) -> list[Int64s]:
    """Return rows of about equal length together, without those that have none."""
    order = np.argsort(rows.counts, kind="stable")
    order = order[np.searchsorted(rows.counts[order], 1) :]
    counts, batches, start = rows.counts[order], list[Int64s](), 0
    while start < len(order):
        longest = int(counts[start] * _GROWTH)
        end = int(np.searchsorted(counts, longest, side="right"))
        end = min(end, start + max(1, _BATCH // (max(longest, dim) * dim)))
        batches.append(order[start:end])
        start = end
    return batches
