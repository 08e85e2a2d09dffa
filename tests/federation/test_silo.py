import dataclasses

import numpy as np
import pytest
from helpers.small_federation import DIM, HETEROGENEOUS, N_ITEMS, simulation

from fedras.codecs import RowUpdate
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError
from fedras.federation.client import Silo
from fedras.federation.wire import Broadcast

KEY = np.uint64(0)


def data(round_: int, row: int = 3, value: float = 0.5, size: int = N_ITEMS) -> bytes:
    """Return the bytes of an update of one row."""
    values = np.full((1, DIM), value, np.float32)
    update = RowUpdate(np.array([row], np.int32), values, size)
    return Plain().encode(update, KEY).of_round(round_).to_bytes()


def silo() -> Silo:
    return simulation().silo


def test_an_update_is_added_once() -> None:
    mine = silo()
    before = mine.replicas.copy()
    broadcast = Broadcast(1, (data(1),), b"")
    mine.receive(broadcast)
    after = before.copy()
    after[0, 3] += np.float32(0.5)
    assert (mine.replicas == after).all()
    assert mine.version == 1
    mine.receive(broadcast)
    assert (mine.replicas == after).all()
    assert mine.version == 1


def test_an_old_update_is_not_added_again() -> None:
    mine = silo()
    mine.receive(Broadcast(1, (data(1),), b""))
    mine.receive(Broadcast(2, (data(2),), b""))
    now = mine.replicas.copy()
    mine.receive(Broadcast(1, (data(1),), b""))
    assert (mine.replicas == now).all()
    assert mine.version == 2


GOOD = data(1)


@pytest.mark.parametrize(
    "bad",
    [
        data(2),
        data(0),
        data(1, size=N_ITEMS + 1),
        GOOD[:-1],
        GOOD[:20] + b"\x55" + GOOD[21:],
        b"",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_update_changes_nothing(bad: bytes, place: int) -> None:
    """Not even the streams whose updates are good, so that it can be asked for again."""
    mine = simulation(**HETEROGENEOUS).silo
    streams = len(mine.replicas)
    assert streams > 2
    before = mine.replicas.copy()
    items = [data(1)] * streams
    items[place] = bad
    with pytest.raises(PayloadError):
        mine.receive(Broadcast(1, tuple(items), b""))
    assert (mine.replicas == before).all()
    assert mine.version == 0
    mine.receive(Broadcast(1, (data(1),) * streams, b""))
    assert (mine.replicas != before).any(axis=(1, 2)).all()


def test_training_changes_private_vectors_of_the_cohort_only() -> None:
    federation = simulation()
    mine = federation.silo
    vectors, replicas = mine.vectors.copy(), mine.replicas.copy()
    cohort = np.array([4, 1, 7])
    uploads = mine.train(cohort)
    assert len(uploads) == 3
    moved = (mine.vectors != vectors).any(axis=1)
    assert np.flatnonzero(moved).tolist() == [1, 4, 7]
    assert (mine.replicas == replicas).all()


def test_an_upload_does_not_depend_on_who_else_trains() -> None:
    together, apart = simulation(**HETEROGENEOUS), simulation(**HETEROGENEOUS)
    cohort = np.array([9, 2, 14, 5])

    def train(mine: Silo, who: np.ndarray) -> list[bytes]:
        return [upload.items for upload in mine.train(who)]

    every = train(together.silo, cohort)
    assert every == [train(apart.silo, cohort[i : i + 1])[0] for i in range(4)]
    assert together.silo.vectors.tobytes() == apart.silo.vectors.tobytes()


def test_a_silo_needs_the_bytes_only() -> None:
    """A copy of a silo that hears the same broadcasts holds the same replicas."""
    federation = simulation(**HETEROGENEOUS)
    mine = federation.silo
    other = dataclasses.replace(mine, replicas=mine.replicas.copy(), vectors=mine.vectors.copy())
    for _ in range(3):
        federation.step()
        other.receive(federation.server.broadcast)
    assert other.replicas.tobytes() == mine.replicas.tobytes()
