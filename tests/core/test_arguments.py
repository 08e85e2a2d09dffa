"""Arguments that do not fit are refused, before anything is read or written elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedras.core import coding, numbers

INTS = np.array([0, 2, 5], np.int32)
WHOLE = np.array([0, 3])
ONE, KEY = np.array([3]), np.array([7], np.uint64)
SHARES = coding.cumulate(np.array([1, 1, 1, 1, 1, 1]))
FLOATS = np.ones((3, 2), np.float32)
REPLICA = np.ones((6, 2), np.float32)

GOOD: dict[Callable[..., Any], list[Any]] = {
    coding.pack_bits: [INTS, 3],
    coding.unpack_bits: [b"abc", 3, 8],
    coding.pack_row_sets: [INTS, np.array([0]), ONE, 6],
    coding.count_rows: [[b"\1"], 6],
    coding.unpack_row_sets: [[b""], 6],
    coding.pack_choices: [INTS, WHOLE, np.array([6])],
    coding.unpack_choices: [[b"\0ab"], ONE, np.array([6])],
    coding.cumulate: [WHOLE],
    coding.pack_symbols: [INTS, WHOLE, SHARES],
    coding.unpack_symbols: [[b"\1"], ONE, SHARES],
    coding.pack_ascending: [INTS, WHOLE, 6],
    coding.unpack_ascending: [[b"\1"], ONE, 6],
    coding.pack_directions: [INTS, FLOATS, np.array([0]), ONE, REPLICA, 5, False],
    coding.unpack_directions: [[b"\0"], [b"\5"], [b"\1"], REPLICA],
    coding.pack_levels: [INTS, FLOATS, REPLICA, np.array([1]), 6, 99],
    coding.count_level_directions: [b"", b"\1\6\0", 6, 2],
    coding.unpack_levels: [b"", b"\1\6\0", REPLICA],
    numbers.all_finite: [FLOATS],
    numbers.all_within: [FLOATS, 1.0],
    numbers.quantised_rows: [6, 2, 8],
    numbers.write_quantised: [FLOATS, WHOLE, 8, True, KEY],
    numbers.read_quantised: [[b"\0\0\0\0ab"], 2, 8],
    numbers.rotated_rows: [9, 2, 8],
    numbers.write_rotated: [FLOATS, WHOLE, 8, KEY],
    numbers.read_rotated: [[b"\0\0\0\0\0\0\0\0a"], 2, 8],
}
STRIDED = numbers.all_finite, numbers.all_within
UNFIT: list[tuple[Callable[..., Any], int, Any]] = [
    (coding.pack_row_sets, 0, np.array([0, 0, 1], np.int32)),
    (coding.pack_row_sets, 0, np.array([-1, 0, 1], np.int32)),
    (coding.pack_row_sets, 0, np.array([0, 1, 6], np.int32)),
    (coding.pack_row_sets, 1, np.array([1])),
    (coding.pack_row_sets, 1, np.array([-1])),
    (coding.pack_row_sets, 1, np.array([0, 0])),
    (coding.pack_row_sets, 2, np.array([-1])),
    (coding.pack_row_sets, 2, np.array([2**62])),
    (coding.pack_row_sets, 3, -1),
    (coding.pack_row_sets, 3, 2**31),
    (coding.count_rows, 1, -1),
    (coding.count_rows, 1, 2**62),
    (coding.unpack_row_sets, 1, -1),
    (coding.unpack_row_sets, 1, 2**31),
    (coding.pack_choices, 0, np.array([0, 1, 6], np.int32)),
    (coding.pack_choices, 0, np.array([0, 1, -1], np.int32)),
    (coding.pack_choices, 1, np.array([0, 4])),
    (coding.pack_choices, 1, np.array([-1, 3])),
    (coding.pack_choices, 1, np.array([0, 3, 2])),
    (coding.pack_choices, 2, np.array([-1])),
    (coding.pack_choices, 2, np.array([6, 6])),
    (coding.unpack_choices, 1, np.array([-1])),
    (coding.unpack_choices, 1, np.array([2**62])),
    (coding.unpack_choices, 1, np.array([3, 3])),
    (coding.unpack_choices, 2, np.array([2**31])),
    (coding.cumulate, 0, np.array([-1])),
    (coding.cumulate, 0, np.array([2**46])),
    (coding.cumulate, 0, np.array([], np.int64)),
    (coding.cumulate, 0, np.ones(coding.MOST_SYMBOLS + 1, np.int64)),
    (coding.pack_symbols, 0, np.array([0, 1, 6], np.int32)),
    (coding.pack_symbols, 1, np.array([0, 4])),
    (coding.pack_symbols, 2, SHARES[:-1]),
    (coding.pack_symbols, 2, np.array([0, 9, 9, 65536])),
    (coding.unpack_symbols, 1, np.array([-3])),
    (coding.unpack_symbols, 2, SHARES[1:]),
    (coding.pack_ascending, 0, np.array([2, 1, 3], np.int32)),
    (coding.pack_ascending, 0, np.array([0, 1, 7], np.int32)),
    (coding.pack_ascending, 2, 2**31),
    (coding.unpack_ascending, 1, np.array([-1])),
    (coding.unpack_ascending, 2, -1),
    (coding.pack_directions, 0, np.array([0, 1, 6], np.int32)),
    (coding.pack_directions, 0, np.array([0, 0, 1], np.int32)),
    (coding.pack_directions, 2, np.array([1])),
    (coding.pack_directions, 3, np.array([4])),
    (coding.pack_directions, 4, np.ones((6, 3), np.float32)),
    (coding.pack_directions, 4, np.ones((0, 2), np.float32)),
    (coding.pack_directions, 5, 1),
    (coding.pack_directions, 5, 13),
    (coding.unpack_directions, 1, []),
    (coding.unpack_directions, 3, np.ones((0, 2), np.float32)),
    (coding.pack_levels, 0, np.array([0, 1, 6], np.int32)),
    (coding.pack_levels, 2, np.ones((6, 3), np.float32)),
    (coding.pack_levels, 3, np.array([3])),
    (coding.pack_levels, 3, np.array([], np.int64)),
    (coding.pack_levels, 4, 13),
    (coding.pack_levels, 5, -1),
    (coding.unpack_levels, 2, np.ones((6, 0), np.float32)),
    (numbers.quantised_rows, 2, 5),
    (numbers.write_quantised, 1, np.array([0, 4])),
    (numbers.write_quantised, 1, np.array([0, 3, 3])),
    (numbers.write_quantised, 2, 0),
    (numbers.read_quantised, 0, [b"1234567"]),
    (numbers.read_quantised, 1, -3),
    (numbers.read_quantised, 1, 2**62),
    (numbers.rotated_rows, 2, 0),
    (numbers.write_rotated, 1, np.array([-1, 3])),
    (numbers.write_rotated, 2, 12),
    (numbers.write_rotated, 3, np.array([7, 7], np.uint64)),
    (numbers.read_rotated, 0, [b"1234"]),
    (numbers.read_rotated, 1, 2**62),
]


@pytest.mark.parametrize("function", GOOD, ids=lambda function: str(function.__name__))
def test_what_fits_is_taken_and_other_types_are_not(function: Callable[..., Any]) -> None:
    good = GOOD[function]
    function(*good)
    for place, argument in enumerate(good):
        others = [object(), None]
        if isinstance(argument, np.ndarray):
            wide = np.stack([argument] * 2, axis=-1)
            others += [argument.astype(np.int16), wide, argument.tolist()]
            if argument.size > 1 and function not in STRIDED:
                others.append(wide[..., 0])
        if isinstance(argument, list):
            others += [[bytearray(argument[0])], [1]]
        for other in others:
            with pytest.raises(TypeError):
                function(*good[:place], other, *good[place + 1 :])


@pytest.mark.parametrize(("function", "place", "value"), UNFIT)
def test_what_does_not_fit_is_refused(function: Callable[..., Any], place: int, value: Any) -> None:
    good = GOOD[function]
    with pytest.raises(ValueError, match=r".+"):
        function(*good[:place], value, *good[place + 1 :])
