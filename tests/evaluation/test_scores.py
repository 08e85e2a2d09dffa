"""The scores that users' own devices give, with and without their context."""

from itertools import pairwise

import numpy as np
import pytest

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.evaluation.scores import Ranked, Scorer
from fedras.models import MODELS
from fedras.models.context import OFF, Context, Directions

N_USERS, N_ITEMS, DIM, STREAMS = 12, 25, 4, 3
SOME = Context(0.8, 2.0)


def histories() -> tuple[Int64s, Int32s]:
    """Users with 0 to 5 items."""
    rng = np.random.default_rng(1)
    lengths = np.arange(N_USERS) % 6
    items = [rng.choice(N_ITEMS, n, replace=False) for n in lengths]
    return np.concatenate(([0], np.cumsum(lengths))), np.concatenate(items).astype(np.int32)


def scorer(name: str = "mf", context: Context = SOME) -> Scorer:
    rng = np.random.default_rng(2)
    model = MODELS.get(name).model_validate({})
    state = Ranked(
        rng.normal(size=(N_USERS, DIM)).astype(np.float32),
        rng.normal(size=(STREAMS, N_ITEMS, DIM)).astype(np.float32),
        model.initial_scoring(DIM, np.uint64(3)),
        np.arange(N_USERS) % STREAMS,
        context,
    )
    return Scorer(model, state, *histories())


def plainly(found: Scorer, user: int) -> Float32s:
    """The model's own scores."""
    state, one = found.state, np.array([user])
    items = state.items[state.stream[user]]
    return np.asarray(found.model.scores(state.vectors[one], items, state.scoring, None)[0])


@pytest.mark.parametrize("name", ["mf", "ncf"])
@pytest.mark.parametrize("context", [OFF, Context(0.5, 0.0)])
def test_without_weight_scores_are_the_models_bit_for_bit(name: str, context: Context) -> None:
    found = scorer(name, context)
    users = np.array([7, 2, 0, 11])
    for row, user in zip(found(users), users.tolist(), strict=True):
        assert row.tobytes() == plainly(found, user).tobytes()


@pytest.mark.parametrize("name", ["mf", "ncf"])
def test_each_user_has_the_cosines_of_the_own_item_matrix(name: str) -> None:
    found, (indptr, items) = scorer(name), histories()
    users = np.array([5, 0, 10, 3, 4])  # of all streams, one without items
    whole = found(users)
    assert whole.dtype == np.float32
    for row, user in zip(whole, users.tolist(), strict=True):
        directions = Directions(found.state.items[user % STREAMS])
        own = items[indptr[user] : indptr[user + 1]]
        points = directions.of(np.array([0, len(own)]), own, SOME.decay)
        expected = plainly(found, user) + np.float32(2) * directions.cosines(points, None)[0]
        np.testing.assert_allclose(row, expected, rtol=1e-5, atol=1e-6)
        assert (row != plainly(found, user)).any() == (len(own) > 0)


@pytest.mark.parametrize("own", [0.0, 0.25])
def test_less_of_the_own_vector_is_the_models_score_of_less(own: float) -> None:
    found = scorer(context=OFF._replace(own=own))
    users = np.array([3, 6, 9])
    vectors = found.model.prepared(np.float32(own) * found.state.vectors[users])
    expected = found.model.scores(vectors, found.state.items[0], found.state.scoring, None)
    assert found(users).tobytes() == expected.tobytes()


def test_who_else_is_asked_does_not_matter() -> None:
    found, everybody = scorer(), np.arange(N_USERS)
    whole = found(everybody)
    for user in everybody:
        assert found(everybody[user : user + 1]).tobytes() == whole[user].tobytes()


def test_candidates_in_several_contexts_are_those_of_each() -> None:
    found, users = scorer(), np.array([2, 5, 8, 11])
    candidates = np.random.default_rng(4).integers(0, N_ITEMS, (4, 6)).astype(np.int32)
    contexts = [SOME, OFF, Context(0.8, 5.0), Context(1.0, 2.0)]
    several = list(found.each(users, 2, candidates, contexts))
    for context, scores in zip(contexts, several, strict=True):
        alone = scorer(context=context)
        (few,) = alone.each(users, 2, candidates, [context])
        assert scores.tobytes() == few.tobytes()
        np.testing.assert_allclose(
            few, np.take_along_axis(alone(users), candidates, axis=1), rtol=1e-5, atol=1e-6
        )
    assert len({scores.tobytes() for scores in several}) == len(contexts)


def test_the_order_of_a_users_items_counts_where_they_fade() -> None:
    indptr, items = histories()
    back = items.copy()
    for start, end in pairwise(indptr.tolist()):
        back[start:end] = items[start:end][::-1]
    users = np.flatnonzero(np.diff(indptr) > 1)
    for decay, same in ((0.5, False), (1.0, True)):
        found = scorer(context=Context(decay, 3.0))
        other = Scorer(found.model, found.state, indptr, back)
        near = np.isclose(found(users), other(users), atol=1e-5).all(axis=1)
        assert (near == same).all()
