"""One bit a number under one scale."""

import numpy as np
import pytest

from fedras.errors import PayloadError
from fedras.numbers import NUMBERS

KEY = np.uint64(3)
BIT = NUMBERS.get("bit")


def test_bytes_are_pinned() -> None:
    """A hand's calculation: the mean magnitude is 2; the first number is in the low bit."""
    values = np.array([[1, -3, 2], [-2, -2, 2]], np.float32)
    assert BIT.encode(values, KEY).hex() == "00000040" + "02" + "03"
    wide = np.array([[0.5] * 8 + [-0.5]], np.float32)
    assert BIT.encode(wide, KEY).hex() == "0000003f" + "0001"


def test_binary_codes_are_exact() -> None:
    rng = np.random.default_rng(0)
    for magnitude in (1.0, 0.125, 0.1):
        codes = np.where(rng.random((1000, 33)) < 0.5, -1, 1) * np.float32(magnitude)
        assert (BIT.decode(BIT.encode(codes, KEY), 33) == codes).all()


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        ("000080bf 00", 1),  # a negative scale
        ("0000807f 00", 1),  # infinity
        ("0000c07f 00", 1),  # no number
        ("0000803f", 1),  # no signs
        ("0000", 1),  # half a scale
        ("0000803f 00", 9),  # half a row
    ],
)
def test_what_no_encoder_writes_is_refused(data: str, columns: int) -> None:
    with pytest.raises(PayloadError):
        BIT.decode(bytes.fromhex(data), columns)
