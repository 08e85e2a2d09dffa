"""What every number format must do, and what those of IEEE promise."""

import numpy as np
import pytest

from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS, Numbers

KEY = np.uint64(12)


@pytest.fixture(params=NUMBERS.names())
def numbers(request: pytest.FixtureRequest) -> type[Numbers]:
    return NUMBERS.get(request.param)


def matrix(n: int, d: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (1, 5), (7, 1), (20, 33)])
def test_the_number_of_rows_follows_from_the_bytes(
    numbers: type[Numbers], shape: tuple[int, int]
) -> None:
    data = numbers.encode(matrix(*shape), KEY)
    back = numbers.decode(data, shape[1])
    assert back.shape == shape
    assert back.dtype == np.float32
    assert data == numbers.encode(matrix(*shape), KEY)
    assert len(data) <= 4 * shape[0] * (shape[1] + 2)


def test_each_row_stands_near_where_it_was(numbers: type[Numbers]) -> None:
    values = matrix(50, 16)
    back = numbers.decode(numbers.encode(values, KEY), 16)
    cosine = (values * back).sum(1) / np.linalg.norm(values, axis=1) / np.linalg.norm(back, axis=1)
    assert cosine.min() > 0.3
    assert not numbers.decode(numbers.encode(values * 0, KEY), 16).any()


@pytest.mark.parametrize("value", [3e38, -3e38, 1e-44, 65520.0, 0.0, -0.0])
def test_extremes_stay_finite(numbers: type[Numbers], value: float) -> None:
    values = np.full((3, 4), value, np.float32)
    assert np.isfinite(numbers.decode(numbers.encode(values, KEY), 4)).all()


def test_an_unbiased_format_is_right_on_average(numbers: type[Numbers]) -> None:
    values = matrix(4, 8)
    read = [numbers.decode(numbers.encode(values, np.uint64(k)), 8) for k in range(2000)]
    error = np.abs(np.mean(read, axis=0, dtype=np.float64) - values)
    spread = np.std(read, axis=0, dtype=np.float64) / np.sqrt(2000)
    assert not numbers.unbiased or (error <= 5 * spread + 1e-7).all()


def test_other_lengths_are_refused_or_are_other_numbers_of_rows(numbers: type[Numbers]) -> None:
    good = numbers.encode(matrix(3, 5), KEY)
    for bad in (good[:-1], good + b"\0", good[:1]):
        refused = False
        try:
            back = numbers.decode(bad, 5)
        except PayloadError:
            refused = True
        assert refused or (back.shape[1] == 5 and len(back) != 3)
    with pytest.raises(PayloadError):
        numbers.decode(good, 0)


def test_single_precision_is_exact_and_little_endian() -> None:
    single = NUMBERS.get("f32")
    values = matrix(9, 4)
    assert single.decode(single.encode(values, KEY), 4).tobytes() == values.tobytes()
    assert single.encode(np.array([[1, 2]], np.float32), KEY).hex() == "0000803f00000040"
    transposed = np.array([[1, 3], [2, 4]], np.float32).T
    assert single.encode(transposed, KEY).hex()[8:16] == "00000040"


def test_half_precision_keeps_eleven_bits() -> None:
    half = NUMBERS.get("f16")
    values = matrix(100, 4)
    np.testing.assert_allclose(half.decode(half.encode(values, KEY), 4), values, rtol=2**-11)
    assert half.encode(np.array([[1, 2]], np.float32), KEY).hex() == "003c0040"


@pytest.mark.parametrize(
    ("name", "bad"), [("f32", "0000c07f"), ("f32", "000080ff"), ("f16", "007e"), ("f16", "007c")]
)
def test_nan_and_infinity_in_a_payload_are_refused(name: str, bad: str) -> None:
    update = RowUpdate(np.array([2], np.int32), np.ones((1, 3), np.float32), 9)
    payload = Plain(numbers=name).encode(update, KEY)
    values = payload.parts[Part.VALUES]
    hostile = bytes.fromhex(bad) + values[len(bad) // 2 :]
    parts = dict(payload.parts) | {int(Part.VALUES): hostile}
    with pytest.raises(PayloadError, match="NaN or infinity"):
        decode(Payload("plain", name, (9, 3), parts))
