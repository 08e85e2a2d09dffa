"""What a curious server finds out is what `docs/security.md` says, on a smaller scale."""

import numpy as np
import pytest
from helpers.small_federation import DIM, N_ITEMS, simulation
from helpers.uploads import update
from reconstruction import Seen, drawn, guesses, rarer, scored, watched

from fedras.codecs import RowUpdate
from fedras.core.random import below

NOISE = {"dp_noise_multiplier": 4.0, "dp_clip_norm": 0.5}


def seen(rows: list[int], rare: list[int], by_draw: list[int]) -> Seen:
    every = np.array(rows, np.int32)
    return Seen(every, np.isin(every, rare), np.isin(every, by_draw))


def test_each_attack_takes_what_it_says() -> None:
    one = seen([1, 2, 5, 9], rare=[2, 9], by_draw=[1, 2, 5])
    other = seen([1, 2, 7, 9], rare=[2], by_draw=[1, 7, 9])
    found = {name: guess.tolist() for name, guess in guesses([one, other]).items()}
    assert found == {
        "rows": [1, 2, 9],
        "signs": [2],
        "rows, signs": [2],
        "replay": [2, 9],
        "replay, signs": [2, 9],
    }
    assert scored(np.array([2, 9]), np.array([2, 3, 4], np.int32)) == (1 / 2, 1 / 3)
    assert scored(np.zeros(0, np.int64), np.array([2], np.int32)) == (0, 0)


def test_the_rarer_side_is_that_of_fewer_rows() -> None:
    towards = np.random.default_rng(0).normal(size=DIM)
    lengths = np.array([-1.0, 2.0, -0.5, -3.0, 1.0, -1.0])
    values = np.outer(lengths, towards).astype(np.float32)
    rows = np.arange(6, dtype=np.int32)
    assert rarer(RowUpdate(rows, values, N_ITEMS)).tolist() == (lengths > 0).tolist()
    assert rarer(RowUpdate(rows, -values, N_ITEMS)).tolist() == (lengths > 0).tolist()
    assert len(rarer(RowUpdate(rows[:0], values[:0], N_ITEMS))) == 0


@pytest.mark.parametrize("key", [np.uint64(n) for n in range(1, 5)])
def test_a_draw_is_replayed_up_to_what_is_not_there(key: np.uint64) -> None:
    given = update(0, 48)
    there, expected = set(given.rows.tolist()), set[int]()
    for counter in range(1000):
        item = below(key, np.uint64(counter), N_ITEMS)
        if item not in there:
            break
        expected.add(item)
    assert expected
    assert set(given.rows[drawn(given, key)].tolist()) == expected
    everything = update(0, N_ITEMS)
    assert drawn(everything, key).all()


@pytest.mark.parametrize(
    ("options", "attack", "few", "many"),
    [
        ({}, "rows", 0.5, 1.0),
        ({}, "replay, signs", 0.8, 1.0),
        (NOISE | {"dp_all_rows": False}, "rows", 0.5, 1.0),
        (NOISE, "rows", 0.0, 0.25),
        (NOISE, "signs", 0.0, 0.25),
        (NOISE, "replay, signs", 0.0, 0.25),
    ],
)
def test_uploads_give_items_away_unless_noise_hides_all_rows(
    options: dict[str, float], attack: str, few: float, many: float
) -> None:
    """Of 50 items users have 3 to 12, so that a guess at random has a precision of .15."""
    sim = simulation(negatives=2, client_fraction=1.0, **options)
    uploads = watched(sim, 6)
    split = sim.split
    found = []
    for client, own in uploads.items():
        items = split.items[split.indptr[client] : split.indptr[client + 1]]
        if 0 < len(items) < N_ITEMS // 2:
            found.append(scored(guesses(own)[attack], items))
    assert len(found) > 20
    assert few <= np.mean(found, axis=0)[0] <= many
