"""Who disagrees again and again is found out; who is honest is not."""

import numpy as np
import pytest
from helpers.small_federation import simulation

from fedras.arrays import Float32s
from fedras.codecs import RowUpdate
from fedras.federation.reputation import KEPT, judge
from fedras.federation.state import State

SIZE, COLUMNS = 40, 4
NO_SCORING = np.zeros((0, 0), np.float32)


def votes(seed: int, n: int, towards: Float32s, scale: float = 1.0) -> list[RowUpdate]:
    """Return updates of some rows that point roughly where ``towards`` does."""
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(n):
        rows = np.flatnonzero(rng.random(SIZE) < 0.5).astype(np.int32)
        noise = 3 * rng.normal(size=(len(rows), COLUMNS))
        values = scale * (towards[rows] + noise)
        result.append(RowUpdate(rows, values.astype(np.float32), SIZE))
    return result


@pytest.fixture
def truth() -> Float32s:
    return np.random.default_rng(9).normal(size=(SIZE, COLUMNS)).astype(np.float32)


@pytest.mark.parametrize("scale", [-1.0, -1e-3, -1e4, -1e30])
def test_a_minority_that_pushes_back_is_found_whatever_its_strength(
    truth: Float32s, scale: float
) -> None:
    trust, cohort = np.zeros(20), np.arange(20)
    for round_ in range(12):
        uploads = votes(2 * round_, 16, truth) + votes(2 * round_ + 1, 4, truth, scale)
        trusted = judge(trust, cohort, uploads, NO_SCORING)
    assert trusted[:16].all()
    assert not trusted[16:].any()


def test_trust_can_be_won_back(truth: Float32s) -> None:
    trust, cohort = np.zeros(8), np.arange(8)
    trust[0] = -0.5
    for round_ in range(30):
        trusted = judge(trust, cohort, votes(round_, 8, truth), NO_SCORING)
        if round_ == 0:
            assert not trusted[0]
    assert trusted.all()


def test_the_distrusted_have_no_vote(truth: Float32s) -> None:
    uploads = votes(0, 6, truth)
    one, other = np.zeros(6), np.zeros(6)
    one[5] = other[5] = -9
    judge(one, np.arange(6), uploads, NO_SCORING)
    (liar,) = votes(1, 1, truth, -1e6)
    judge(other, np.arange(6), [*uploads[:5], liar], NO_SCORING)
    assert one[:5].tolist() == other[:5].tolist()
    assert one[5] != other[5]


def test_only_who_took_part_is_judged(truth: Float32s) -> None:
    trust = np.full(9, 0.5)
    judge(trust, np.array([2, 7]), votes(0, 2, truth), NO_SCORING)
    assert (trust != 0.5).sum() == 2
    assert trust[2] != 0.5 != trust[7]


def test_alone_or_silent_there_is_nothing_to_judge(truth: Float32s) -> None:
    trust = np.zeros(3)
    assert judge(trust, np.arange(0), [], NO_SCORING).tolist() == []
    assert judge(trust, np.array([1]), votes(0, 1, truth), NO_SCORING).tolist() == [True]
    nothing = RowUpdate(np.zeros(0, np.int32), np.zeros((0, COLUMNS), np.float32), SIZE)
    assert judge(trust, np.arange(3), [nothing] * 3, NO_SCORING).all()
    np.testing.assert_allclose(trust, 0, atol=1e-12)


def test_agreement_is_the_cosine_with_the_mean_direction_of_the_others(
    truth: Float32s,
) -> None:
    uploads, trust = votes(4, 5, truth), np.full(5, 0.2)
    changes = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    judge(trust, np.arange(5), uploads, changes)
    dense = np.zeros((5, SIZE, COLUMNS))
    for own, update in zip(dense, uploads, strict=True):
        own[update.rows] = update.values
    for c, update in enumerate(uploads):
        agreed = KEPT * 0.2
        for vectors, rows in ((dense, update.rows), (changes[:, None].astype(float), [0])):
            others = [v / np.linalg.norm(v) for i, v in enumerate(vectors) if i != c]
            one, other = vectors[c][rows].ravel(), np.sum(others, axis=0)[rows].ravel()
            agreed += one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        assert trust[c] == pytest.approx(agreed)


def test_trust_is_kept_in_the_checkpoint() -> None:
    sim = simulation(reputation=True)
    for _ in range(3):
        sim.step()
    arrays, values = sim.state()
    kept = {name: array.copy() for name, array in arrays.items()}
    assert kept["trust"].any()
    other = simulation(reputation=True)
    other.restore(State(kept, values))
    assert other.step().dropped == sim.step().dropped
    assert other.server.trust.tobytes() == sim.server.trust.tobytes()
