"""Recommendations in the context of a user's own items."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fedras
from fedras import data
from fedras.federation.client import Silo
from fedras.federation.fold_in import fold_in
from fedras.models.context import Context
from fedras.run import recommender as module
from fedras.run.recommender import Recommender
from fedras.run.trained import Trained

_USERS = np.repeat(np.arange(20), 6)
_ITEMS = (_USERS * 7 + np.arange(120) ** 2) % 25
MINE = data.from_columns("mine", _USERS, _ITEMS)
WEIGHT, DECAY = 3.0, 0.5


@pytest.fixture(scope="module")
def run() -> Trained:
    """A run whose clients have several budgets, so that there are several replicas."""
    return fedras.fit(
        MINE,
        rounds=10,
        rate_range=(0.2, 0.9),
        client_fraction=0.5,
        context_weight=WEIGHT,
        context_decay=DECAY,
        baselines=False,
        progress=False,
    )


def cosines(silo: Silo, stream: int, items: list[int], decay: float) -> np.ndarray:
    """Those of all items with the user's own, as the formula says."""
    rows = silo.replicas[stream].astype(np.float64)
    rows -= rows.mean(axis=0)
    h = sum(decay ** (len(items) - 1 - age) * rows[item] for age, item in enumerate(items))
    return np.asarray(rows @ h / np.linalg.norm(rows, axis=1) / np.linalg.norm(h))


def test_users_have_the_context_of_all_their_items(run: Trained) -> None:
    silo, differ = run.silo, 0
    assert silo.context == Context(DECAY, WEIGHT)
    for place, user in enumerate(MINE.user_ids.tolist()):
        stream = int(silo.stream[place])
        own = MINE.items[MINE.indptr[place] : MINE.indptr[place + 1]].tolist()
        plain = silo.replicas[stream] @ silo.vectors[place]
        expected = plain + WEIGHT * cosines(silo, stream, own, DECAY)
        found = run.recommend(user, 25, seen=True)
        assert len(found) == MINE.n_items
        for item, _, score in found:
            where = MINE.item_ids.tolist().index(item)
            assert score == pytest.approx(expected[where], abs=1e-4)
        differ += [r.item for r in found] != MINE.item_ids[np.argsort(-plain)].tolist()
    assert differ


def test_users_alone_and_in_blocks_have_the_same(
    run: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {user: run.recommend(user) for user in MINE.user_ids.tolist()}
    monkeypatch.setattr(module, "_BLOCK_SCORES", 3 * MINE.n_items)
    assert dict(run.recommend(list(alone))) == alone


@settings(max_examples=20)
@given(st.permutations(["3", "9", "14", "20"]))
def test_for_somebody_new_the_order_of_items_does_not_matter(
    run: Trained, order: list[str]
) -> None:
    assert run.fold_in(order, k=9) == run.fold_in(["3", "9", "14", "20"], k=9)


def test_somebody_new_has_the_context_of_items_alike(run: Trained) -> None:
    silo, liked = run.silo, ["9", "3"]
    places = np.sort([MINE.item_ids.tolist().index(item) for item in liked]).astype(np.int32)
    vector = fold_in(silo, module._NEWCOMER, np.array([0, 2]), places)[0]
    expected = silo.replicas[-1] @ vector + WEIGHT * cosines(silo, -1, places.tolist(), 1.0)
    for item, _, score in run.fold_in(liked, k=25, seen=True):
        where = MINE.item_ids.tolist().index(item)
        assert score == pytest.approx(expected[where], abs=1e-4)


def test_a_run_without_context_recommends_what_the_model_says(run: Trained) -> None:
    plain = Recommender(run.silo, MINE)
    kept, run.silo.context = run.silo.context, Context(DECAY, 0.0)
    try:
        found = plain.recommend("7", 1)[0]
        place = MINE.user_ids.tolist().index("7")
        scores = run.silo.replicas[run.silo.stream[place]] @ run.silo.vectors[place]
        where = MINE.item_ids.tolist().index(found.item)
        assert found.score == pytest.approx(scores[where], rel=1e-5)
    finally:
        run.silo.context = kept
