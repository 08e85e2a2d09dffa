"""Whether the first line of a text file says the names of its columns."""

import re
from collections.abc import Container

from fedras.data.forms.meaning import are_names
from fedras.errors import DataError

_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|\.\d+)([eE][-+]?\d+)?")


def is_header(cells: list[str], rows: list[list[str]], given: Container[str], where: str) -> bool:
    """Return whether ``cells``, the first line, are names.

    They are if one of them is known, or was ``given``, or if they are text above numbers.

    Parameters
    ----------
    cells, rows
        The first line, and some that follow.
    given
        Names that the user has said.
    where
        The file and the line, for messages.

    Raises
    ------
    DataError
        If they may be numbers of columns as well as a row.
    """
    cells = [cell.strip() for cell in cells]
    if any(cell and cell in given for cell in cells) or are_names(cells):
        return True
    counted = [str(n) for n in range(len(cells) + 1)]
    if rows and len(cells) > 2 and cells == ["", *counted[:-2]]:
        return True  # as pandas writes a table without names, behind its index
    if rows and (cells == counted[:-1] or (len(cells) > 3 and cells == counted[1:])):
        raise DataError(
            f"{where}: {','.join(cells)} may be a row or numbers of columns; say which: "
            f"--set header=true or --set header=false"
        )
    same = [row for row in rows if len(row) == len(cells)]
    return any(
        cell and not is_number(cell) and same and all(is_number(row[place]) for row in same)
        for place, cell in enumerate(cells)
    ) and not any(map(is_number, cells))


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a point or a comma."""
    return _NUMBER.fullmatch(cell.strip()) is not None
