from pathlib import Path

import numpy as np
import pytest

import fedras
from fedras import data
from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.run.folder import RunFolder
from fedras.run.recommender import Recommender

_USERS = np.repeat(np.arange(30), 6)
_ITEMS = (_USERS * 7 + np.arange(180) ** 2) % 25
MINE = data.from_columns("mine", _USERS, _ITEMS, titles={"3": "Three"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose clients have several budgets, so that there are several replicas."""
    config = Config(rounds=10, rate_range=(0.2, 0.9), client_fraction=0.5, validation=True)
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
