import numpy as np
import pytest
from helpers.streams import stream_key
from hypothesis import given
from hypothesis import strategies as st

from fedras.rng import Purpose, key, keys

words = st.integers(0, 2**64 - 1)


@given(st.integers(0, 2**63 - 1), st.sampled_from(Purpose), st.lists(words, max_size=3))
def test_a_key_is_the_folding_of_its_context(
    seed: int, purpose: Purpose, context: list[int]
) -> None:
    assert int(key(seed, purpose, *context)) == stream_key(seed, int(purpose), *context)


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**6), st.lists(words, min_size=1, max_size=20))
def test_many_keys_are_the_keys_one_by_one(seed: int, round_: int, clients: list[int]) -> None:
    together = keys(seed, Purpose.TRAINING, round_, np.array(clients, np.uint64))
    assert together.dtype == np.uint64
    assert together.tolist() == [
        int(key(seed, Purpose.TRAINING, round_, client)) for client in clients
    ]


def test_arrays_of_context_pair_up() -> None:
    rounds, clients = np.arange(5, dtype=np.uint64), np.arange(5, 10, dtype=np.uint64)
    pairs = keys(3, Purpose.UPLINK, rounds, clients)
    assert pairs.tolist() == [
        int(key(3, Purpose.UPLINK, t, u)) for t, u in zip(range(5), range(5, 10), strict=True)
    ]


def test_no_context_at_all_is_one_key() -> None:
    assert keys(0, Purpose.ITEMS).shape == (1,)


def test_seed_purpose_round_and_client_all_matter() -> None:
    clients = np.arange(50, dtype=np.uint64)
    every = [
        value
        for seed in range(3)
        for purpose in Purpose
        for round_ in range(4)
        for value in keys(seed, purpose, round_, clients).tolist()
    ]
    assert len(set(every)) == len(every)


def test_the_order_of_the_context_matters() -> None:
    assert key(0, Purpose.COHORT, 1, 2) != key(0, Purpose.COHORT, 2, 1)


def test_the_bits_of_a_key_are_even() -> None:
    draws = keys(1, Purpose.COHORT, 0, np.arange(20_000, dtype=np.uint64))
    ones = [float(np.mean((draws >> np.uint64(bit)) & np.uint64(1))) for bit in range(64)]
    # 20,000 coins: a standard deviation of 0.0035; 64 of them stay within 5 of these.
    assert ones == pytest.approx([0.5] * 64, abs=0.018)


def test_the_purposes_keep_their_numbers() -> None:
    """Renumbering one would change the result of every run."""
    numbers = {purpose.name: int(purpose) for purpose in Purpose}
    assert numbers == {
        "ITEMS": 1,
        "USER": 2,
        "SCORING": 3,
        "COHORT": 4,
        "TRAINING": 5,
        "UPLINK": 6,
        "DOWNLINK": 7,
        "BUDGET": 8,
    } | {name: number for name, number in numbers.items() if number > 8}
    assert len(set(numbers.values())) == len(numbers)
