"""What every form of table is read into."""

from typing import Any, Protocol

from fedras.errors import DataError

HEAD = 1000
"""How many rows decide what a column holds."""


class Rows(Protocol):
    """A table whose columns are read only when they are asked for, by their place.

    Attributes
    ----------
    where
        What messages call it: the path, for example.
    names
        The names of the columns, empty for one that has none.
    named
        Whether the table itself says these names.
    form
        What it is read as, in words.
    """

    where: str
    names: list[str]
    named: bool
    form: str

    def head(self, place: int) -> Any:
        """Return an Arrow array of the column's first cells, at most `HEAD`."""

    def read(self, places: list[int]) -> list[Any]:
        """Return the columns as Arrow chunked arrays; text without types is binary.

        Raises
        ------
        DataError
            If the table is malformed.
        """

    def line(self, row: int) -> str:
        """Return where a row stands, as ``file.csv:12``."""


class CellError(ValueError):
    """A cell that cannot be meant.

    Parameters
    ----------
    row
        Its row, from 0.
    problem
        What is wrong with it.
    """

    def __init__(self, row: int, problem: str) -> None:
        super().__init__(problem)
        self.row = row


def refused(rows: Rows, cell: CellError, advice: str) -> DataError:
    """Return the error that says where the cell stands, and what to do."""
    return DataError(f"{rows.line(cell.row)}: {cell}; {advice}")
