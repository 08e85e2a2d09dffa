"""Tiles of products against NumPy, and that each term is fused, whatever the processor has."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s
from fedras.core import instructions
from fedras.core.training import LANES, ROWS, add_outer, product

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


PRINT_BITS = """
import numpy as np
from fedras.core.training import product
draw = np.random.default_rng(0).normal
a, b = draw(size=(16, 37)).astype(np.float32), draw(size=(37, 48)).astype(np.float32)
out = np.empty((16, 48), np.float32)
product(b[0].copy(), a, b, out, 16)
print(out.tobytes().hex())
"""


@pytest.mark.skipif(instructions == "plain", reason="there is nothing to compare")
def test_a_processor_without_fused_multiply_adds_gives_the_same_bits() -> None:
    printed = set()
    for core in ("avx2", "plain"):
        command, given = [sys.executable, "-c", PRINT_BITS], os.environ | {"FEDRAS_CORE": core}
        printed.add(subprocess.run(command, env=given, capture_output=True, check=True).stdout)
    assert len(printed) == 1
    assert len(printed.pop()) > 16 * 48


@pytest.mark.parametrize("wrong", ["rows", "start", "columns", "n"])
def test_what_does_not_fit_is_refused(wrong: str) -> None:
    a, b, out = matrix(ROWS, 3, 0), matrix(3, LANES, 1), matrix(ROWS, LANES, 2)
    start, n = b[0].copy(), ROWS
    before = out.copy()
    if wrong == "rows":
        a = a[:-1].copy()
    elif wrong == "start":
        start = start[:-1].copy()
    elif wrong == "columns":
        b = b[:, :-1].copy()
    else:
        n = ROWS - 1
    with pytest.raises(ValueError, match="product"):
        product(start, a, b, out, n)
    assert (out == before).all()
