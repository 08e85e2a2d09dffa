"""Directions and levels against their twin, and what must hold of them whatever they code."""

import numpy as np
import pytest
from helpers import slow_directions
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.core import coding

seeds = st.integers(0, 2**32)


def matrix(n: int, d: int, seed: int) -> Float32s:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) * rng.lognormal(0, 1, (n, 1))).astype(np.float32)


def steps(replica: Float32s, seed: int, share: float = 0.3) -> tuple[Int32s, Float32s]:
    """Rows as a user moves them: towards a vector those it has, others away from it."""
    rng = np.random.default_rng(seed)
    n, d = replica.shape
    user = rng.normal(size=d)
    score = replica @ user
    rows = np.sort(rng.permutation(n)[: max(1, int(share * n))]).astype(np.int32)
    own = rng.random(len(rows)) < 1 / (1 + np.exp(-score[rows])) / 2
    size = np.where(own, 1, 0) - 1 / (1 + np.exp(-score[rows]))
    return rows, (0.1 * size[:, None] * user).astype(np.float32)


def packed(
    rows: Int32s, values: Float32s, replica: Float32s, drawn: bool = False, bits: int = 5
) -> tuple[bytes, bytes, bytes]:
    whole = np.array([0]), np.array([len(rows)])
    (found,) = coding.pack_directions(rows, values, *whole, replica, bits, drawn)
    assert found is not None
    return found


def leveled(
    rows: Int32s, values: Float32s, replica: Float32s, numbers: Int64s, most: int
) -> tuple[bytes, bytes, float]:
    found = coding.pack_levels(rows, values, replica, numbers, 6, most)
    assert found is not None
    return found


def unpacked(
    parts: tuple[bytes, bytes, bytes], replica: Float32s
) -> tuple[Int32s, Float32s] | None:
    vector, head, sides = ([part] for part in parts)
    rows, values, _, good = coding.unpack_directions(vector, head, sides, replica)
    return (rows, values) if good[0] else None


@given(st.integers(1, 90), st.integers(1, 20), st.integers(2, 12), seeds)
def test_a_direction_is_read_as_its_twin_reads_it(n: int, d: int, bits: int, seed: int) -> None:
    replica = matrix(n, d, seed)
    rows, values = steps(replica, seed)
    parts = packed(rows, values, replica, bits=bits)
    found = unpacked(parts, replica)
    assert found is not None
    wanted = slow_directions.direction(*parts, replica)
    assert found[0].tolist() == wanted[0]
    np.testing.assert_allclose(found[1], np.reshape(wanted[1], (-1, d)), rtol=1e-5, atol=1e-9)
    assert set(found[0].tolist()) <= set(rows.tolist())


@pytest.mark.parametrize("drawn", [False, True])
def test_what_a_user_moved_is_told_nearly(drawn: bool) -> None:
    replica = matrix(400, 16, 1)
    rows, values = steps(replica, 2)
    found = unpacked(packed(rows, values, replica, drawn), replica)
    assert found is not None
    heard, wanted = np.zeros_like(replica), np.zeros_like(replica)
    heard[found[0]], wanted[rows] = found[1], values
    assert len(found[0]) == len(rows)
    own = rows[(values @ values[0] > 0) == ((values @ values[0] > 0).sum() < len(rows) / 2)]
    assert set(own.tolist()) <= set(found[0].tolist())
    if not drawn:
        assert np.square(heard - wanted).sum() < 0.03 * np.square(wanted).sum()
    moved, said = wanted.sum(axis=0), heard.sum(axis=0)
    assert np.linalg.norm(said - moved) < (0.5 if drawn else 0.1) * np.linalg.norm(moved)


def test_what_is_drawn_takes_no_bytes() -> None:
    replica = matrix(2000, 16, 1)
    rows, values = steps(replica, 2)
    written, drawn = (packed(rows, values, replica, each) for each in (False, True))
    assert len(drawn[2]) < 0.6 * len(written[2])


def test_many_updates_are_coded_one_by_one() -> None:
    replica = matrix(80, 7, 3)
    updates = [steps(replica, seed, share) for seed, share in ((1, 0.5), (2, 0.1), (3, 1.0))]
    rows, values = (np.concatenate(each) for each in zip(*updates, strict=True))
    counts = np.array([len(own) for own, _ in updates])
    starts = np.cumsum(counts) - counts
    found = coding.pack_directions(rows, values, starts, counts, replica, 5, False)
    assert found == [packed(*update, replica) for update in updates]


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 400), seeds)
def test_levels_are_read_as_their_twin_reads_them(n: int, d: int, most: int, seed: int) -> None:
    replica, update = matrix(n, d, seed), matrix(n, d, seed + 1)
    rows = np.flatnonzero(np.random.default_rng(seed).random(n) < 0.7).astype(np.int32)
    numbers = np.array([r for r in (0, 1, 2, 5) if r <= d])
    vectors, levels, lost = leveled(rows, update[rows], replica, numbers, most)
    found = coding.unpack_levels(vectors, levels, replica)
    assert found is not None
    wanted = slow_directions.levels(vectors, levels, replica)
    assert found[0].tolist() == wanted[0]
    np.testing.assert_allclose(found[1], np.reshape(wanted[1], (-1, d)), rtol=1e-5, atol=1e-9)
    heard = np.zeros_like(update)
    heard[found[0]] = found[1]
    rest = update.astype(float)
    rest[np.setdiff1d(np.arange(n), rows)] = 0
    # Directions in few bits are not quite at right angles, and lost is a sum as if they were.
    little = 1e-6 + 1e-3 * np.square(rest).sum()
    assert np.square(rest - heard).sum() == pytest.approx(lost, rel=0.2, abs=little)


@given(st.integers(60, 3000), st.sampled_from([(1,), (1, 2, 3), (4, 8)]), seeds)
def test_a_budget_is_kept_and_used(most: int, numbers: tuple[int, ...], seed: int) -> None:
    replica, update = matrix(300, 16, seed), matrix(300, 16, seed + 1)
    rows, tried = np.arange(300, dtype=np.int32), np.array(numbers)
    vectors, levels, lost = leveled(rows, update, replica, tried, most)
    assert len(vectors) + len(levels) <= most or len(levels) < 12
    more = leveled(rows, update, replica, tried, 2 * most)
    assert more[2] <= lost * 1.001


@given(st.binary(max_size=60), st.binary(max_size=8), st.binary(max_size=60), seeds)
def test_noise_is_no_direction_and_no_levels_or_an_update(
    one: bytes, two: bytes, three: bytes, seed: int
) -> None:
    replica = matrix(40, 5, seed)
    good = packed(*steps(replica, seed), replica)
    for parts in ((one, two, three), (good[0], two, three), (good[0], good[1], three)):
        found = unpacked(parts, replica)
        if found is not None:
            assert np.isfinite(found[1]).all()
            assert (np.diff(found[0]) > 0).all()
    for vectors, rows in ((one, three), (good[0], three), (good[0], three[:1] + b"\0\5" + three)):
        levels = coding.unpack_levels(vectors, rows, replica)
        if levels is not None:
            assert np.isfinite(levels[1]).all()
            assert (np.diff(levels[0]) > 0).all()


def test_what_is_not_finite_is_not_coded() -> None:
    replica = matrix(40, 5, 1)
    rows, values = steps(replica, 1)
    values[0, 0] = np.nan
    whole = np.array([0]), np.array([len(rows)])
    assert coding.pack_directions(rows, values, *whole, replica, 5, False) == [None]
    assert coding.pack_levels(rows, values, replica, np.array([1]), 6, 99) is None
