"""Tiles of products against NumPy, and that each term is fused, whatever the processor has."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s
from fedras.kernels.lanes import LANES
from fedras.kernels.product import ROWS, add_outer, product, zeros

Matrix = Float32s

seeds = st.integers(0, 2**32)
tiles = st.integers(1, 5)


def matrix(rows: int, columns: int, seed: int) -> Matrix:
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


@given(tiles, st.integers(1, 40), tiles, st.booleans(), seeds)
def test_the_first_rows_are_the_start_and_the_product(
    down: int, terms: int, along: int, started: bool, seed: int
) -> None:
    n, width = down * ROWS, along * LANES
    a, b = matrix(n + 3, terms + 2, seed), matrix(terms, width, seed + 1)
    start = matrix(1, width, seed + 2)[0] if started else None
    out = matrix(n + ROWS, width, seed + 3)
    below = out[n:].copy()
    product(start, a, b, out, n)
    wanted = a[:n, :terms].astype(np.float64) @ b + (0 if start is None else start)
    np.testing.assert_allclose(out[:n], wanted, atol=1e-5 * np.sqrt(terms))
    np.testing.assert_array_equal(out[n:], below)


@given(tiles, st.integers(0, 40), tiles, seeds)
def test_outer_products_of_the_first_rows_are_added(
    down: int, n: int, along: int, seed: int
) -> None:
    rows, width = down * ROWS, along * LANES
    a, b = matrix(n + 2, rows + 3, seed), matrix(n + 2, width, seed + 1)
    out = matrix(rows, width, seed + 2)
    wanted = out + a[:n, :rows].astype(np.float64).T @ b[:n]
    add_outer(a, b, out, n)
    np.testing.assert_allclose(out, wanted, atol=1e-5 * np.sqrt(n + 1))


@given(seeds)
def test_a_product_is_not_rounded_before_it_is_added(seed: int) -> None:
    """What is left of a product without its rounded value is exact; two roundings leave 0."""
    a, b = matrix(ROWS, 1, seed), matrix(1, LANES, seed + 1)
    rounded, out = a[0, 0] * b[0], np.empty((ROWS, LANES), np.float32)
    product(-rounded, a, b, out, ROWS)
    exact = a[0, 0].astype(np.float64) * b[0] - rounded
    assert exact.any()
    np.testing.assert_array_equal(out[0], exact.astype(np.float32))


def test_zeros_are_filled_up_and_start_where_a_vector_may() -> None:
    for rows, columns in [(1, 1), (8, 16), (9, 33)]:
        room = zeros(rows, columns)
        assert room.shape == (-(-rows // ROWS) * ROWS, -(-columns // LANES) * LANES)
        assert room.ctypes.data % (4 * LANES) == 0
        assert not room.any()


PRINT_BITS = """
import numpy as np
from fedras.kernels.product import product
draw = np.random.default_rng(0).normal
a, b = draw(size=(16, 37)).astype(np.float32), draw(size=(37, 48)).astype(np.float32)
out = np.empty((16, 48), np.float32)
product(b[0].copy(), a, b, out, 16)
print(out.tobytes().hex())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names a processor of this family")
def test_a_processor_without_fused_multiply_adds_gives_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    printed = set()
    for processor in ({}, {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"}):
        cache = {"FEDRAS_CACHE": str(tmp_path_factory.mktemp("kernels"))}
        command, given = [sys.executable, "-c", PRINT_BITS], os.environ | cache | processor
        printed.add(subprocess.run(command, env=given, capture_output=True, check=True).stdout)
    assert len(printed) == 1
    assert len(printed.pop()) > 16 * 48
