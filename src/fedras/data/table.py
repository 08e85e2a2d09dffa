"""Fast and strict reading of tables of whole numbers, as the MovieLens and Last.fm files are."""

from pathlib import Path

import numpy as np

from fedras.arrays import Int64s
from fedras.core.reading import parse_integers
from fedras.errors import DataError


def read_integers(
    path: Path, columns: tuple[str, ...], separator: str, header: bool = False
) -> Int64s:
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
    text_bytes, between = (np.frombuffer(part, np.uint8) for part in (text, separator.encode()))
    good = parse_integers(text_bytes, between, table)
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
