from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fedras
from fedras import data
from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.run import recommender as module
from fedras.run.folder import RunFolder
from fedras.run.ranking import best_of
from fedras.run.recommender import Recommender

_USERS = np.repeat(np.arange(30), 6)
_ITEMS = (_USERS * 7 + np.arange(180) ** 2) % 25
MINE = data.from_columns("mine", _USERS, _ITEMS, titles={"3": "Three"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose clients have several budgets, so that there are several replicas."""
    config = Config(
        rounds=10, rate_range=(0.2, 0.9), client_fraction=0.5, validation=True, context_weight=0
    )
    folder = tmp_path_factory.mktemp("runs") / "mine"
    list(fedras.train(config, folder, interactions=MINE))
    return folder


@pytest.fixture(scope="module")
def recommender(folder: Path) -> Recommender:
    return fedras.load(folder, interactions=MINE)


def _known(user: str) -> set[str]:
    return {str(item) for item in _ITEMS[int(user) == _USERS]}


def test_never_an_item_that_the_user_has(recommender: Recommender) -> None:
    for user in MINE.user_ids.tolist():
        found = recommender.recommend(user, 25)
        items = [item for item, _, _ in found]
        assert set(items) == set(MINE.item_ids.tolist()) - _known(user)
        assert len(items) == len(set(items))
        assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)
        assert recommender.recommend(user, 4) == found[:4]


def test_the_scores_are_those_of_the_own_replica(folder: Path, recommender: Recommender) -> None:
    checkpoint = RunFolder(folder).checkpoint()
    assert checkpoint is not None
    assert len(checkpoint.arrays["replicas"]) > 1
    used = set()
    for index, user in enumerate(MINE.user_ids.tolist()):
        scores = checkpoint.arrays["replicas"] @ checkpoint.arrays["vectors"][index]
        best = recommender.recommend(user, 1)[0]
        item = MINE.item_ids.tolist().index(best.item)
        stream = int(np.argmin(abs(scores[:, item] - best.score)))
        assert scores[stream, item] == pytest.approx(best.score, rel=1e-5)
        used.add(stream)
    assert len(used) > 1


def test_titles(recommender: Recommender) -> None:
    titles = {
        recommendation.item: recommendation.title
        for user in MINE.user_ids.tolist()
        for recommendation in recommender.recommend(user, 25)
    }
    assert titles["3"] == "Three"
    assert titles["4"] == "4"


def test_a_second_look_is_the_same(folder: Path, recommender: Recommender) -> None:
    again = fedras.load(folder, interactions=MINE)
    assert again.recommend("5") == recommender.recommend("5")


def test_unknown_user_and_no_items(recommender: Recommender) -> None:
    with pytest.raises(UsageError, match="mine has no user 'nobody'"):
        recommender.recommend("nobody")
    with pytest.raises(UsageError, match="ask for at least 1"):
        recommender.recommend("5", 0)


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no run"):
        fedras.load(tmp_path)
    RunFolder(tmp_path / "run").create(Config())
    with pytest.raises(UsageError, match="has no checkpoint yet"):
        fedras.load(tmp_path / "run", interactions=MINE)


def test_other_data(folder: Path) -> None:
    other = data.from_columns("mine", _USERS, (_ITEMS + 1) % 25)
    with pytest.raises(FedrasError, match="not the data"):
        fedras.load(folder, interactions=other)


@given(
    arrays(np.float32, 12, elements=st.sampled_from([-1, -0.0, 0, 2, 3, np.inf, np.nan])),
    arrays(np.bool_, 12),
    st.integers(1, 13),
)
def test_the_best_are_those_of_a_full_sort(
    scores: np.ndarray, candidates: np.ndarray, k: int
) -> None:
    places = np.flatnonzero(candidates)
    whole = places[np.argsort(-scores[places], kind="stable")[:k]]
    np.testing.assert_array_equal(best_of(scores, candidates, k), whole)


def test_many_users_get_what_each_gets(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {user: recommender.recommend(user, 4) for user in recommender.users}
    assert recommender.recommend(recommender.users, 4) == alone
    monkeypatch.setattr(module, "_BLOCK_SCORES", 7 * MINE.n_items)
    reverse = recommender.users[::-1]
    found = recommender.recommend(map(int, reverse), 4)
    assert list(found) == reverse
    assert found == alone
    assert recommender.recommend(np.int64(5), 4) == alone["5"]
    rows = list(found.rows())
    assert [row.of for row in rows[:5]] == ["29"] * 4 + ["28"]
    assert rows[1][1:] == (2, *alone["29"][1])


def test_seen_items_on_request(recommender: Recommender) -> None:
    everything = recommender.recommend("5", 25, seen=True)
    assert {found.item for found in everything} == set(recommender.items)
    fresh = [found for found in everything if found.item not in _known("5")]
    assert recommender.recommend("5", 25) == fresh


def test_history_is_the_latest_first(recommender: Recommender) -> None:
    rows = MINE.items[MINE.indptr[5] : MINE.indptr[6]]
    expected = MINE.item_ids[rows][::-1].tolist()
    assert [item.item for item in recommender.items_of("5")] == expected
    assert [item.item for item in recommender.items_of("5", 2)] == expected[:2]
    with pytest.raises(UsageError, match="ask for at least 1"):
        recommender.items_of("5", 0)


def test_similar_items_have_the_largest_cosines(recommender: Recommender) -> None:
    replica = recommender.silo.replicas[-1].astype(np.float64)
    cosines = np.corrcoef(np.hstack((replica, -replica)))  # of mirrored rows: about their origin
    found = recommender.similar(recommender.items, 24)
    for item, name in enumerate(recommender.items):
        expected = {n: cosines[item, i] for i, n in enumerate(recommender.items) if n != name}
        assert {like.item: like.score for like in found[name]} == pytest.approx(expected, abs=1e-5)
        scores = [like.score for like in found[name]]
        assert scores == sorted(scores, reverse=True)
        assert recommender.similar(name, 3) == found[name][:3]


def test_a_new_user_gets_the_same_for_the_same_items(
    folder: Path, recommender: Recommender
) -> None:
    before = [array.copy() for array in (recommender.silo.vectors, recommender.silo.replicas)]
    found = recommender.fold_in(["3", "7", 9], 25)
    assert found == recommender.fold_in([9, 9, "3", "7"], 25)
    assert found == fedras.load(folder, interactions=MINE).fold_in(["9", "3", "7"], 25)
    assert {f.item for f in found} == set(recommender.items) - {"3", "7", "9"}
    assert found != recommender.fold_in(["4"], 25)
    after = recommender.silo.vectors, recommender.silo.replicas
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_unknown_items_and_several_users(recommender: Recommender) -> None:
    with pytest.raises(UsageError, match=r"no items '99', 'x'; did you mean '9'\?"):
        recommender.fold_in(["3", "99", "x"])
    with pytest.raises(UsageError, match=r"no users '2a', 'b', 'c' and 1 more; did you mean '2'"):
        recommender.recommend(["2a", "5", "b", "c", "d"])
    with pytest.raises(UsageError, match="name at least one item of mine"):
        recommender.fold_in([])
    with pytest.raises(UsageError, match="ask for at least 1"):
        recommender.similar("3", 0)


def test_it_shows_itself(recommender: Recommender) -> None:
    plain = Recommender(recommender.silo, recommender.data)
    assert repr(plain) == "Recommender(mine: 30 users, 25 items; mf, fedras, 10 rounds)"
    (first, second) = repr(recommender.recommend("5", 2)).splitlines()
    best = recommender.recommend("5", 1)[0]
    assert first.split()[:3] == ["1", f"{best.score:.4f}", best.item]
    assert second.startswith(" 2 ")
    assert repr(recommender.recommend(["5", "6"], 1)).splitlines()[::2] == ["5:", "6:"]
