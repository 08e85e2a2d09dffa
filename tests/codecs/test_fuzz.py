"""Bytes from a hostile peer: an update of the right shape, or a PayloadError, and nothing else.

`benchmarks/fuzz.py` tries many more.
"""

import tracemalloc

import numpy as np
import pytest
from helpers.fuzzing import ALLOWED, check, hostile, samples, warm_up

from fedras.codecs import CODECS
from fedras.numbers import NUMBERS


@pytest.mark.parametrize("numbers", NUMBERS.names())
@pytest.mark.parametrize("codec", CODECS.names())
def test_hostile_bytes_do_no_harm(codec: str, numbers: str) -> None:
    good = samples(codec, numbers)
    assert all(check(payload.to_bytes()) for payload in good)
    outcomes = [check(data) for data in hostile(good, np.random.default_rng(1), 1000)]
    assert any(outcomes), "some damage must reach the codec and pass, or the test tests nothing"
    assert not all(outcomes)


@pytest.mark.parametrize("codec", CODECS.names())
def test_hostile_bytes_allocate_little(codec: str) -> None:
    warm_up()
    good = samples(codec, "f32")
    tracemalloc.start()
    try:
        for data in hostile(good, np.random.default_rng(2), 500):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            check(data)
            used = tracemalloc.get_traced_memory()[1] - before
            assert used < ALLOWED, f"{len(data)} bytes took {used} to decode"
    finally:
        tracemalloc.stop()
