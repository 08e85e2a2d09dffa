"""The item catalogue: which row of the item matrix is which item. All sides hold the same file."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fedras.arrays import Int32s
from fedras.data import Interactions
from fedras.errors import FedrasError
from fedras.nodes.messages import TAG_BYTES

_COLUMNS = ["item", "title"]


@dataclass(frozen=True)
class Catalogue:
    """The items of a federation, in the order of their rows.

    Attributes
    ----------
    items
        [N] ids; the position is the row of the item matrix. Only ever append to it.
    titles
        [N] what to call them in front of people.
    """

    items: tuple[str, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, interactions: Interactions) -> "Catalogue":
        """Return the catalogue under which a data set's items keep their rows."""
        items = tuple(interactions.item_ids.tolist())
        titles = items if interactions.titles is None else tuple(interactions.titles.tolist())
        return cls(items, titles)

    @property
    def digest(self) -> bytes:
        """Eight bytes that tell this catalogue from others."""
        return hashlib.blake2b("\n".join(self.items).encode(), digest_size=TAG_BYTES).digest()

    def rows(self, items: Sequence[str]) -> Int32s:
        """Return int32[n], the rows of some items; -1 for those that it does not know."""
        row = {item: number for number, item in enumerate(self.items)}
        return np.array([row.get(item, -1) for item in items], np.int32)

    def write(self, path: Path) -> None:
        """Write a CSV file with the columns item and title."""
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(_COLUMNS)
            table.writerows(zip(self.items, self.titles, strict=True))


def read_catalogue(path: Path) -> Catalogue:
    """Read what `Catalogue.write` wrote.

    Raises
    ------
    FedrasError
        If the file cannot be read, is of another form or names an item twice.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file, strict=True)
        if header != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
            raise ValueError(f"expected the columns {','.join(_COLUMNS)}")
        items = tuple(row[0] for row in rows)
        if len(set(items)) < len(items) or not items:
            raise ValueError("expected at least one item, and each once")
    except OSError as error:
        raise FedrasError(f"cannot read the item catalogue {path}: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise FedrasError(f"{path} is no item catalogue: {error}") from None
    return Catalogue(items, tuple(row[1] for row in rows))
