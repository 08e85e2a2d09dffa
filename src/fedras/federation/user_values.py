"""CSV files of a value for each user: compression rates, speeds of links."""

import csv
from collections.abc import Iterator
from pathlib import Path

from fedras.errors import FedrasError, UsageError


def read_user_values(path: Path, value: str) -> Iterator[tuple[str, str, str]]:
    """Yield each row: where it stands, the user and the text of the value.

    Parameters
    ----------
    path
        The file, without a header.
    value
        What the second column is called in front of people.

    Raises
    ------
    UsageError
        If a row has more columns, or fewer.
    FedrasError
        If the file cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                where = f"{path}:{number}"
                if len(row) != 2:
                    raise UsageError(f"{where}: expected user,{value} but found {','.join(row)!r}")
                yield where, row[0], row[1]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FedrasError(f"cannot read {path}: {error}") from None
