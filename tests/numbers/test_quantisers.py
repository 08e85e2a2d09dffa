"""What each quantiser promises, beyond what `tests/codecs/test_numbers.py` asks of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fedras.arrays import Float32s
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS

Matrix = Float32s

LEVELS = {"q8": 127, "q4": 7, "q8n": 127, "q4n": 7}
ONE_BIT = ["sign", "drive"]
KEY = np.uint64(2**64 - 3)
SCALE = 4

matrices = hnp.arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(1, 40)),
    elements=st.floats(-(2.0**127), 2.0**127, width=32),
)
keys = st.integers(0, 2**64 - 1).map(np.uint64)


def read(name: str, values: Matrix, key: np.uint64 = KEY) -> Matrix:
    numbers = NUMBERS.get(name)
    return numbers.decode(numbers.encode(values, key), values.shape[1])


def normal(n: int, d: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize("name", LEVELS)
@given(values=matrices, key=keys)
def test_a_number_moves_by_less_than_a_step(name: str, values: Matrix, key: np.uint64) -> None:
    steps = np.abs(values.astype(np.float64)).max(axis=1, initial=0) / LEVELS[name]
    reach = steps if NUMBERS.get(name).unbiased else steps / 2
    error = np.abs(read(name, values, key).astype(np.float64) - values)
    largest = np.abs(values.astype(np.float64)).max(axis=1, initial=0)
    rounding = 1e-6 * largest + np.finfo(np.float32).smallest_subnormal
    assert (error <= (reach + rounding)[:, None]).all()


@pytest.mark.parametrize("name", LEVELS)
@given(values=matrices)
def test_zeros_and_a_rows_extremes_are_exact(name: str, values: Matrix) -> None:
    heard = read(name, values)
    extreme = np.abs(values) == np.abs(values).max(axis=1, keepdims=True)
    exact = extreme | (values == 0)
    np.testing.assert_array_equal(heard[exact], values[exact])


@pytest.mark.parametrize("name", ["q8n", "q4n"])
@given(values=matrices, key=keys)
def test_the_nearest_level_does_not_depend_on_the_key(
    name: str, values: Matrix, key: np.uint64
) -> None:
    assert NUMBERS.get(name).encode(values, key) == NUMBERS.get(name).encode(values, KEY)


@pytest.mark.parametrize("name", ["q8", "q4"])
def test_random_rounding_is_right_on_average_and_differs_by_key(name: str) -> None:
    values = normal(3, 9)
    heard = np.array([read(name, values, np.uint64(k)) for k in range(3000)], np.float64)
    spread = heard.std(axis=0) / np.sqrt(len(heard))
    assert (np.abs(heard.mean(axis=0) - values) <= 5 * spread + 1e-7).all()
    assert len(np.unique(heard[:10], axis=0)) == 10


@pytest.mark.parametrize(("name", "bits"), [("q8", 8), ("q4n", 4), ("sign", 1)])
@pytest.mark.parametrize("d", [1, 3, 8, 33])
def test_a_row_takes_its_bits_and_a_scale(name: str, bits: int, d: int) -> None:
    size = len(NUMBERS.get(name).encode(normal(5, d), KEY))
    assert size == 5 * (SCALE + (d * bits + 7) // 8)


@given(matrices)
def test_no_other_scale_of_the_signs_is_nearer(values: Matrix) -> None:
    exact = values.astype(np.float64)
    heard = read("sign", values).astype(np.float64)
    loss = ((heard - exact) ** 2).sum(axis=1)
    for factor in (0.98, 1.02):
        other = ((factor * heard - exact) ** 2).sum(axis=1)
        assert (loss <= other * (1 + 1e-6) + 1e-80).all()


@given(matrices)
def test_signs_are_kept(values: Matrix) -> None:
    heard = read("sign", values)
    assert (heard * np.sign(values) >= 0).all()


@pytest.mark.parametrize("value", [0.0, 3e38, -3e38, 1e-42, -7.0])
@pytest.mark.parametrize("name", [*LEVELS, "sign"])
def test_equal_rows_are_exact(name: str, value: float) -> None:
    values = np.full((4, 11), value, np.float32)
    np.testing.assert_array_equal(read(name, values), values)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (3, 5), (5, 33), (32, 32), (1, 3000), (70, 64)])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_a_rotation_is_orthogonal_and_its_scale_is_the_unbiased_one(
    shape: tuple[int, int], scale: float
) -> None:
    """With the scale |x|^2 / |Rx|_1, x . read(x) is |x|^2 for every orthogonal R."""
    values = normal(*shape) * np.float32(scale)
    for key in (KEY, np.uint64(0), np.uint64(2**40)):
        heard = read("drive", values, key).astype(np.float64)
        square = (values.astype(np.float64) ** 2).sum()
        assert (heard * values).sum() == pytest.approx(square, rel=1e-5)


def test_rotated_signs_are_nearly_unbiased_and_lose_what_theory_says() -> None:
    values = normal(16, 64)
    heard = np.array([read("drive", values, np.uint64(k << 32)) for k in range(600)], np.float64)
    loss = ((heard - values) ** 2).sum(axis=(1, 2)) / (values.astype(np.float64) ** 2).sum()
    assert loss.mean() == pytest.approx(np.pi / 2 - 1, rel=0.03)
    bias = np.abs(heard.mean(axis=0) - values)
    assert bias.mean() <= 1.2 * np.sqrt((np.pi / 2 - 1) / len(heard))


def test_blocks_cost_half_of_what_rows_of_32_would() -> None:
    values = normal(320, 32)
    assert len(NUMBERS.get("drive").encode(values, KEY)) == 4 + 10 * 4 + values.size // 8
    assert len(NUMBERS.get("sign").encode(values, KEY)) == 320 * 4 + values.size // 8


def test_bytes_are_pinned() -> None:
    """A hand's calculation: scale, then levels; the first number is in the low bits."""
    for name, values, expected in [
        ("q8n", [1, -2], "00000040 bf00"),
        ("q4n", [7, -7, 1], "0000e040 0e08"),
        ("sign", [1, -3], "00000040 02"),
    ]:
        row = np.array([values], np.float32)
        assert NUMBERS.get(name).encode(row, KEY).hex() == expected.replace(" ", "")


def test_the_rotation_is_pinned() -> None:
    """Peers of other releases must rotate back by the same signs; 24 is no power of two."""
    one = NUMBERS.get("drive").decode(bytes.fromhex("07000000 0000803f a7"), 8)
    np.testing.assert_allclose(one, [[0.5, 0.5, -1.5, -1.5, 1.5, -0.5, 0.5, -0.5]], atol=1e-6)
    three = NUMBERS.get("drive").decode(bytes.fromhex("07000000 0000803f a7135c"), 24)
    quarters = [5, 1, -1, 3, 1, 1, 1, 3, -1, 5, -5, -9, -5, -3, 3, 1, 2, 2, 10, -2, 2, 2, -6, -2]
    np.testing.assert_allclose(4 * three, [quarters], atol=1e-5)


BAD = {
    "negative scale": ("q8", "000080bf 7f"),
    "scale of minus zero": ("q8", "00000080 7f"),
    "infinite scale": ("q4", "0000807f 07"),
    "scale that is no number": ("sign", "0000c07f 00"),
    "level beyond the last": ("q8", "0000803f ff"),
    "nibble beyond the last": ("q4", "0000803f 0f"),
    "rotated: negative scale": ("drive", "00000000 000080bf 00"),
    "rotated: scale missing": ("drive", "00000000 000000"),
    "rotated: no signs": ("drive", "00000000 0000803f"),
    "rotated: no scale": ("drive", "00000000"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_no_encoder_writes_is_refused(case: str) -> None:
    name, data = BAD[case]
    with pytest.raises(PayloadError):
        NUMBERS.get(name).decode(bytes.fromhex(data), 1)
