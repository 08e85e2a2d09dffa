"""No row is longer than the bound, and the bound follows the many and not the loud."""

import numpy as np
import pytest
from helpers.uploads import update
from hypothesis import given
from hypothesis import strategies as st

from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.federation.norms import bounded

NO_SCORING = np.zeros((9, 0), np.float32)


def lengths(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(values.astype(np.float64), axis=-1))


def config(**given: float) -> Config:
    return Config.model_validate(given)


def nine(loud: int = 0, scale: float = 1e6) -> list[RowUpdate]:
    """Return updates of which so many are loud, and of all rows."""
    quiet = [update(seed, 5 + seed) for seed in range(9 - loud)]
    return [*quiet, *(update(seed, 50, scale) for seed in range(loud))]


def test_without_a_bound_nothing_is_touched() -> None:
    given = nine(3)
    same, changes, clipped = bounded(config(), given, NO_SCORING)
    assert same is given
    assert changes is NO_SCORING
    assert clipped == 0


@pytest.mark.parametrize("limit", [0.1, 0.3, 1e9])
def test_a_fixed_limit_holds_and_what_is_cut_is_the_same_direction(limit: float) -> None:
    given = nine(2)
    cut, _, clipped = bounded(config(norm_limit=limit), given, NO_SCORING)
    assert clipped == sum(int((lengths(own.values) > limit).sum()) for own in given)
    for one, other in zip(given, cut, strict=True):
        assert other.rows.tolist() == one.rows.tolist()
        before, after = lengths(one.values), lengths(other.values)
        np.testing.assert_allclose(after, np.minimum(before, limit), rtol=1e-5)
        factors = np.minimum(1, limit / before)[:, None]
        np.testing.assert_allclose(other.values, one.values * factors, rtol=1e-5)
        short = before <= limit
        assert (other.values[short] == one.values[short]).all()


@given(loud=st.integers(0, 4), scale=st.floats(1.0, 1e30))
def test_less_than_half_the_clients_cannot_lift_the_bound(loud: int, scale: float) -> None:
    cut, _, _ = bounded(config(norm_bound=1.0), nine(loud, scale), NO_SCORING)
    means = [np.sqrt(np.mean(lengths(own.values) ** 2)) for own in nine()[: 9 - loud]]
    longest = max(lengths(own.values).max() for own in cut)
    assert longest <= max(means) * (1 + 1e-5)


def test_actions_are_cut_once_and_counted_by_the_rows_that_take_them() -> None:
    vectors = np.array([[3, 4], [0.3, 0.4], [0, 0]], np.float32)
    rows, index = np.arange(6, dtype=np.int32), np.array([0, 1, 0, 2, 0, 1], np.int32)
    (cut,), _, clipped = bounded(
        config(norm_limit=1.0), [RowUpdate(rows, vectors, 9, index)], NO_SCORING[:1]
    )
    assert clipped == 3
    expected = np.array([[0.6, 0.8], [0.3, 0.4], [0, 0]])
    np.testing.assert_allclose(cut.vectors.astype(float), expected, rtol=1e-6)
    assert cut.values.tolist() == cut.vectors[index].tolist()


def test_changes_of_scoring_models_are_bounded_as_vectors() -> None:
    changes = np.ones((9, 4), np.float32)
    changes[7:] = [[1e20], [-1e3]]
    _, cut, clipped = bounded(config(norm_bound=2.0), [update(0, 3)] * 9, changes)
    np.testing.assert_allclose(lengths(cut), [2.0] * 7 + [4.0] * 2, rtol=1e-6)
    assert clipped == 2


def test_of_nobody_there_is_nothing_to_bound() -> None:
    assert bounded(config(norm_bound=2.0), [], NO_SCORING[:0])[2] == 0
