"""Local training of matrix factorisation against the derivative of its loss."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fedras.arrays import Float64s
from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.models import Cohort
from fedras.models.mf import MF

LIKED = [4, 0, 2, 0]  # an item that occurs twice is a positive twice
N_ITEMS, DIM, NEGATIVES = 5, 3, 3
UNLIKED = [1, 3]

Vector = Float64s


def config(**given: object) -> Config:
    one_batch = {"local_epochs": 1, "batch_size": 1000, "negatives": NEGATIVES}
    return Config.model_validate(one_batch | given)


def cohort(
    n_items: int = N_ITEMS, histories: tuple[list[int], ...] = (LIKED,), rate: float = 1.0
) -> Cohort:
    rng = np.random.default_rng(1)
    return Cohort(
        vectors=rng.normal(size=(len(histories), DIM)).astype(np.float32),
        positives=np.array([item for own in histories for item in own], np.int32),
        bounds=np.cumsum([0, *map(len, histories)]).astype(np.int64),
        replicas=rng.normal(size=(2, n_items, DIM)).astype(np.float32),
        stream=np.arange(len(histories), dtype=np.int64) % 2,
        scoring=np.zeros(0, np.float32),
        keys=np.arange(11, 11 + len(histories), dtype=np.uint64),
        learning_rate=rate,
        span=np.zeros((2, 0, DIM), np.float32),
    )


def train(who: Cohort, options: Config, decay: float = 0.0) -> tuple[Vector, list[RowUpdate]]:
    """Return how the vectors moved, and the updates."""
    before = who.vectors.astype(np.float64)
    updates, _ = MF(weight_decay=decay, bias=False).train(who, options)
    return who.vectors - before, list(updates)


def loss(p: Vector, items: Vector, samples: list[tuple[int, int]]) -> float:
    """The sum of the binary cross-entropies of sigmoid(p.q) with the labels."""
    total = 0.0
    for item, label in samples:
        probability = 1 / (1 + np.exp(-p @ items[item]))
        total -= np.log(probability if label else 1 - probability)
    return total


def slope(function: Callable[[Vector], float], at: Vector) -> Vector:
    """Central differences."""
    result = np.empty_like(at)
    for index in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[index] = 1e-5
        result[index] = (function(at + step) - function(at - step)) / 2e-5
    return result


def test_one_batch_is_a_step_down_the_cross_entropy() -> None:
    who = cohort(n_items=4, histories=([2, 0, 1, 0],))  # leaves the item 3 for all negatives
    p, items = who.vectors[0].astype(np.float64), who.replicas[0].astype(np.float64)
    samples = [(2, 1), (0, 1), (1, 1), (0, 1)] + [(3, 0)] * (4 * NEGATIVES)
    moved, (update,) = train(who, config())
    by_user = slope(lambda x: loss(x, items, samples), p)
    np.testing.assert_allclose(moved[0], -by_user / len(samples), atol=1e-6)
    by_item = slope(lambda x: loss(p, x, samples), items)
    occurrences = np.array([2, 1, 1, 4 * NEGATIVES])
    assert update.rows.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(update.values, -by_item / occurrences[:, None], atol=1e-6)


def test_positives_rise_and_negatives_fall() -> None:
    who = cohort(rate=0.1)
    p, items = who.vectors[0].copy(), who.replicas[0].copy()
    _, (update,) = train(who, config(local_epochs=5))
    items[update.rows] += update.values
    change = items @ who.vectors[0] - who.replicas[0] @ p
    assert (change[LIKED] > 0).all()
    assert (change[UNLIKED] < 0).all()


def test_weight_decay_shrinks_what_a_step_moves() -> None:
    rate, decay = 0.5, 0.1
    who, same = cohort(rate=rate), cohort(rate=rate)
    p, items = who.vectors[0].copy(), who.replicas[0].copy()
    moved, (update,) = train(who, config(), decay)
    undecayed, (without,) = train(same, config())
    np.testing.assert_allclose(moved[0] - undecayed[0], -rate * decay * p, atol=1e-6)
    shrunk = update.values - without.values
    np.testing.assert_allclose(shrunk, -rate * decay * items[update.rows], atol=1e-6)


def test_with_error_feedback_rows_do_not_shrink_in_training() -> None:
    _, (update,) = train(cohort(), config(error_feedback=True), 0.1)
    _, (without,) = train(cohort(), config())
    assert (update.values == without.values).all()


def test_a_step_scales_with_the_learning_rate() -> None:
    long, _ = train(cohort(rate=1.0), config())
    short, _ = train(cohort(rate=0.25), config())
    np.testing.assert_allclose(short, long / 4, atol=1e-6)


def test_items_can_be_kept_to_some_directions() -> None:
    """A step of one batch is then the free one, projected onto the span."""
    basis = np.linalg.qr(np.random.default_rng(4).normal(size=(DIM, 2)))[0].T
    who = replace(cohort(), span=np.array([basis, 0 * basis], np.float32, order="C"))
    moved, (update,) = train(who, config())
    free_moved, (free,) = train(cohort(), config())
    np.testing.assert_allclose(update.values, free.values @ basis.T @ basis, atol=1e-6)
    np.testing.assert_allclose(moved, free_moved, atol=1e-6)


def test_clients_train_from_their_own_stream_and_leave_it() -> None:
    histories: tuple[list[int], ...] = ([0, 1], [2], [], [0, 1, 2, 3, 4], [3, 3])
    who = cohort(histories=histories)
    replicas = who.replicas.copy()
    moved, updates = train(who, config())
    assert (who.replicas == replicas).all()
    for c, own in enumerate(histories):
        alone = cohort(histories=histories)
        one = slice(c, c + 1)
        single = replace(
            alone,
            vectors=alone.vectors[one],
            positives=np.array(own, np.int32),
            bounds=np.array([0, len(own)], np.int64),
            stream=alone.stream[one],
            keys=alone.keys[one],
        )
        moved_alone, (update,) = train(single, config())
        assert moved_alone[0].tolist() == moved[c].tolist()
        assert update.rows.tolist() == updates[c].rows.tolist()
        assert update.values.tobytes() == updates[c].values.tobytes()
        assert set(own) <= set(update.rows.tolist())
    assert len(updates[2].rows) == 0
    assert not moved[2].any()
    assert updates[3].rows.tolist() == [0, 1, 2, 3, 4]


def test_the_number_of_threads_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    histories = tuple(rng.choice(200, rng.integers(0, 30)).tolist() for _ in range(17))
    results = []
    for count in (1, 2):
        set_threads(count)
        who = cohort(n_items=200, histories=histories)
        moved, updates = train(who, config(local_epochs=2, batch_size=16))
        results.append([moved.tobytes(), *(update.values.tobytes() for update in updates)])
    assert results[0] == results[1]


def test_scores_far_from_zero_do_no_harm() -> None:
    who = cohort()
    who.vectors[:] *= 1e4
    who.replicas[:] *= 1e4
    moved, (update,) = train(who, config())
    assert np.isfinite(moved).all()
    assert np.isfinite(update.values).all()


@pytest.mark.parametrize("dim", [1, 2, 5, 32])
def test_scores_are_dot_products(dim: int) -> None:
    rng = np.random.default_rng(dim)
    vectors = rng.normal(size=(6, dim)).astype(np.float32)
    items = rng.normal(size=(9, dim)).astype(np.float32)
    none = np.zeros(0, np.float32)
    every = MF().scores(vectors, items, none, None)
    wanted = vectors.astype(np.float64) @ items.T.astype(np.float64)
    np.testing.assert_allclose(every, wanted, atol=1e-5)
    candidates = rng.integers(0, 9, (6, 4)).astype(np.int32)
    some = MF().scores(vectors, items, none, candidates)
    assert some.tobytes() == np.take_along_axis(every, candidates, axis=1).tobytes()
