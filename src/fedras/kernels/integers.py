"""Tables of whole numbers, from text."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

_NEWLINE, _RETURN, _ZERO, _NINE = 10, 13, 48, 57
_MOST_DIGITS = 18


@jit
def parse(text: NDArray[np.uint8], separator: NDArray[np.uint8], table: NDArray[np.int64]) -> int:
    """Fill ``table`` and return the number of rows before the first that has another form."""
    position = 0
    for row in range(len(table)):
        for column in range(table.shape[1]):
            if column > 0:
                for byte in separator:
                    if position == len(text) or text[position] != byte:
                        return row
                    position += 1
            start, value = position, np.int64(0)
            while position < len(text) and _ZERO <= text[position] <= _NINE:
                value = 10 * value + np.int64(text[position] - _ZERO)
                position += 1
            if not 0 < position - start <= _MOST_DIGITS:
                return row
            table[row, column] = value
        if position < len(text) and text[position] == _RETURN:
            position += 1
        if position < len(text) and text[position] != _NEWLINE:
            return row
        position += 1
    return len(table)
