"""The draw of negatives is repeated as clients do it, up to the first item that is not there."""

import numpy as np
import pytest
from helpers.small_federation import simulation
from hypothesis import given
from hypothesis import strategies as st

from fedras.audit.draws import draws, replayed
from fedras.codecs import Payload
from fedras.codecs.codec import decode
from fedras.core.random import below
from fedras.rng import Purpose, keys


@given(
    key=st.integers(0, 2**64 - 1),
    first=st.integers(0, 10**6),
    count=st.integers(0, 20),
    n=st.integers(1, 2**31 - 1),
)
def test_draws_are_those_of_the_core(key: int, first: int, count: int, n: int) -> None:
    expected = [below(key, counter, n) for counter in range(first, first + count)]
    assert draws(key, first, count, n).tolist() == expected


@given(key=st.integers(0, 2**64 - 1), missing=st.sets(st.integers(0, 49), min_size=1))
def test_it_ends_at_the_first_item_that_is_not_there(key: int, missing: set[int]) -> None:
    there = ~np.isin(np.arange(50), list(missing))
    drawn, length = replayed(key, there)
    before = [below(key, counter, 50) for counter in range(length)]
    assert below(key, length, 50) in missing
    assert set(np.flatnonzero(drawn).tolist()) == set(before) <= set(np.flatnonzero(there).tolist())


def test_where_every_row_is_there_nothing_can_be_told() -> None:
    drawn, length = replayed(7, np.ones(5, np.bool_))
    assert not drawn.any()
    assert length == 0


@pytest.mark.parametrize("model", ["mf", "ncf"])
def test_what_a_client_did_not_draw_is_its_own(model: str) -> None:
    sim = simulation(model=model, client_fraction=1.0, negatives=1, actions=40)
    silo = sim.silo
    cohort = np.arange(len(silo.clients))
    uploads = silo.train(cohort)
    own = keys(silo.config.seed, Purpose.TRAINING, 0, silo.clients)
    found = 0
    for client, key, upload in zip(cohort.tolist(), own.tolist(), uploads, strict=True):
        update = decode(Payload.from_bytes(upload.items, silo.replicas[0].shape, 0))
        there = np.isin(np.arange(update.size), update.rows)
        items = set(silo.items[silo.indptr[client] : silo.indptr[client + 1]].tolist())
        sure = set(np.flatnonzero(there & ~replayed(key, there).drawn).tolist())
        if not there.all():
            assert sure <= items
            found += len(sure)
    assert found > len(silo.items) // 2
