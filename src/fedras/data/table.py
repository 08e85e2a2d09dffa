"""Fast and strict reading of tables of whole numbers, as the MovieLens and Last.fm files are."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fedras.errors import DataError
from fedras.kernels.jit import jit

_NEWLINE, _RETURN, _ZERO, _NINE = 10, 13, 48, 57
_MOST_DIGITS = 18


def read_integers(
    path: Path, columns: tuple[str, ...], separator: str, header: bool = False
) -> NDArray[np.int64]:
    """Return int64[rows, len(columns)] from a text file of whole numbers.

    Parameters
    ----------
    path
        The file; its lines end with LF or CRLF.
    columns
        What the columns are called, for messages.
    separator
        What stands between two columns, exactly.
    header
        Whether the first line holds the names of the columns.

    Raises
    ------
    DataError
        If the file cannot be read, has no rows, or has a line of another form.
    """
    text = read_bytes(path).rstrip(b"\r\n")
    skip = 0
    if header:
        skip = 1
        text = text.partition(b"\n")[2]
    if not text:
        raise DataError(f"{path}: has no interactions; replace it by a complete copy")
    table = np.empty((text.count(b"\n") + 1, len(columns)), np.int64)
    good = _parse(np.frombuffer(text, np.uint8), np.frombuffer(separator.encode(), np.uint8), table)
    if good < len(table):
        found = text.split(b"\n", good + 1)[good].decode("latin-1").rstrip("\r")
        raise DataError(
            f"{path}:{good + skip + 1}: expected {separator.join(columns)!r} in whole numbers, "
            f"found {found[:80]!r}; replace the file by a complete copy"
        )
    return table


def read_bytes(path: Path) -> bytes:
    """Return the whole file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def read_titles(path: Path, separator: str, encoding: str) -> dict[str, str] | None:
    """Return titles by id from the first two columns, or None if there is no such file."""
    if not path.is_file():
        return None
    lines = read_bytes(path).decode(encoding, errors="replace").splitlines()
    pairs = (line.split(separator, 2) for line in lines)
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) > 1}


@jit
def _parse(text: NDArray[np.uint8], separator: NDArray[np.uint8], table: NDArray[np.int64]) -> int:
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
