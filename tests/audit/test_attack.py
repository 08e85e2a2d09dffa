"""An attack names what is given away, and nothing where nothing is."""

from dataclasses import replace

import numpy as np
import pytest

from fedras.arrays import Bools
from fedras.audit.attack import EVERYTHING, learn, most_popular
from fedras.audit.auditing import attacked, scored
from fedras.audit.draws import draws
from fedras.audit.evidence import KINDS, Seen, evidence
from fedras.audit.watching import Case, Watch
from fedras.codecs import RowUpdate

USERS, ITEMS, DIM = 60, 80, 8


def truth(seed: int = 0) -> Bools:
    """Return bool[U, N], of which some items are popular."""
    rng = np.random.default_rng(seed)
    own: Bools = rng.random((USERS, ITEMS)) < np.linspace(0.4, 0.05, ITEMS)
    own[:, 0] = True
    return own


def case(own: Bools, honest: bool, uploads: int = 2) -> Case:
    """Return what is seen of users who send their own items and negatives, or anybody's."""
    rng = np.random.default_rng(1)
    watch = Watch(np.arange(len(own)), (uploads,), ITEMS)
    for user, mine in enumerate(own):
        for _ in range(uploads):
            said, key = mine if honest else rng.permutation(mine), int(rng.integers(2**60))
            drawn = np.isin(np.arange(ITEMS), draws(key, 0, 2 * int(said.sum()), ITEMS))
            rows = np.flatnonzero(said | drawn).astype(np.int32)
            towards = np.where(said[rows], 1.0, -1.0)
            values = np.outer(towards, rng.normal(size=DIM)).astype(np.float32)
            replica = rng.normal(size=(ITEMS, DIM)).astype(np.float32)
            watch.add(user, Seen(RowUpdate(rows, values, ITEMS), replica, key, False), mine)
    return watch.case(uploads)


def test_what_steps_say_without_a_doubt_is_named_without_a_mistake() -> None:
    row = attacked("end", 2, case(truth(), honest=True))
    assert row.f1 > 0.99
    assert row.popular < 0.6
    assert (row.users, row.uploads, row.when) == (USERS, 2, "end")


def test_uploads_that_do_not_depend_on_items_give_nothing_away() -> None:
    row = attacked("end", 2, case(truth(), honest=False))
    assert row.f1 < row.popular + 0.05
    assert max(row.rows, row.steps) < row.popular + 0.05


def test_nothing_is_learnt_from_those_who_are_attacked() -> None:
    whole = case(truth(), honest=True)
    known, aimed = (Case(whole.evidence[i::2], whole.own[i::2]) for i in (0, 1))
    attack = learn(known, EVERYTHING)
    np.testing.assert_array_equal(attack.names(aimed), attack.names(replace(aimed, own=~aimed.own)))


def test_the_direction_may_be_either_and_is_turned_towards_the_rarer_side() -> None:
    towards = np.array([1.0, -2.0, -0.5, -3.0, 1.0, -1.0])
    rows = np.arange(6, dtype=np.int32)
    replica = np.eye(ITEMS, DIM, dtype=np.float32)
    for sign in (1, -1):
        values = np.outer(sign * towards, np.arange(1, DIM + 1)).astype(np.float32)
        found = evidence(Seen(RowUpdate(rows, values, ITEMS), replica, 5, True))
        vote, bias = found[:6, KINDS.index("vote")], found[:6, KINDS.index("bias")]
        assert vote.tolist() == np.sign(towards).tolist()
        assert np.sign(bias).tolist() == (sign * vote).tolist()
        assert not found[6:, KINDS.index("side")].any()
        assert found[6:, KINDS.index("missing")].all()


@pytest.mark.parametrize("rows", [0, 3])
def test_an_upload_may_have_no_rows_or_not_move_them(rows: int) -> None:
    update = RowUpdate(np.arange(rows, dtype=np.int32), np.zeros((rows, DIM), np.float32), ITEMS)
    found = evidence(Seen(update, np.zeros((ITEMS, DIM), np.float32), 5, True))
    assert np.isfinite(found).all()
    assert found[:, KINDS.index("missing")].sum() == ITEMS - rows


def test_as_many_of_the_most_popular() -> None:
    named = most_popular(np.array([1.0, 5.0, 3.0, 5.0]), np.array([0, 1, 3]))
    assert named.tolist() == [[False] * 4, [False, True, False, False], [False, True, True, True]]


def test_scores_are_by_user() -> None:
    named = np.array([[True, True, False], [False, False, False]])
    own = np.array([[True, False, True], [True, False, False]])
    assert scored(named, own) == [(0.5, 0.5, 0.5), (0.0, 0.0, 0.0)]
