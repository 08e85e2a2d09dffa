"""Where a node's own interactions are: a CSV, TSV or Parquet file, or a table of a database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fedras.data import Interactions, from_columns
from fedras.data.files import read_rows
from fedras.data.rows import Columns, Row, checked, named_columns
from fedras.errors import DataError, UsageError
from fedras.kernels.gather import bounds_of
from fedras.nodes.catalogue import Catalogue


@dataclass(frozen=True)
class Source:
    """A node's own interactions.

    Attributes
    ----------
    data
        The path of a file, or a SQLAlchemy URL.
    table
        The table in the database; its columns are recognised by their names, as those of files.
    keep_repeats
        Keep all rows of a (user, item) pair instead of the first in time.
    """

    data: str
    table: str = ""
    keep_repeats: bool = False

    def load(self, catalogue: Catalogue) -> tuple[Interactions, int]:
        """Return the interactions with items that the catalogue knows, and how many it does not.

        Raises
        ------
        DataError
            If the data cannot be read or a row is malformed.
        UsageError
            If a database is given without a table.
        """
        rows = list(self._rows())
        times = [time for *_, time in rows if time is not None]
        columns = [user for _, user, *_ in rows], [item for _, _, item, _ in rows]
        whole = all(type(time) is int for time in times)
        order = np.array(times, np.int64 if whole else np.float64) if times else None
        name = Path(self.table or self.data).name
        return known(from_columns(name, *columns, order, keep_repeats=self.keep_repeats), catalogue)

    def _rows(self) -> Iterable[Row]:
        if "://" not in self.data:
            return read_rows(Path(self.data))
        if not self.table:
            raise UsageError('a database needs the name of a table: table="..."')
        return _table_rows(self.data, self.table)


def known(own: Interactions, catalogue: Catalogue) -> tuple[Interactions, int]:
    """Return the interactions by the catalogue's rows, and how many have an item it lacks."""
    items = catalogue.rows(own.item_ids.tolist())[own.items]
    kept = items >= 0
    owner = np.repeat(np.arange(own.n_users), np.diff(own.indptr))[kept]
    count = np.bincount(owner, minlength=own.n_users)
    users = np.flatnonzero(count)
    indptr = bounds_of(count[users])
    ids, titles = (np.array(names, np.str_) for names in (catalogue.items, catalogue.titles))
    mine = Interactions(own.name, own.user_ids[users], ids, indptr, items[kept], titles)
    return mine, int((~kept).sum())


def _table_rows(url: str, name: str) -> Iterator[Row]:
    try:
        import sqlalchemy as sa  # noqa: PLC0415 -- optional
    except ImportError:
        raise DataError(
            f'table {name}: databases need SQLAlchemy; run: pip install "fedras[sql]"'
        ) from None
    try:
        engine = sa.create_engine(url)
        try:
            table = sa.Table(name, sa.MetaData(), autoload_with=engine)
            names = [column.name for column in table.columns]
            found = named_columns(names, f"table {name}")
            if found is None:
                raise DataError(f"table {name}: expected columns called user and item")
            used = found.used()
            with engine.connect() as connection:
                # Rows at the same time keep the order of the primary key, as lines of a file do.
                wanted = sa.select(*(table.columns[i] for i in used.values()))
                answer = connection.execute(wanted.order_by(*table.primary_key.columns))
                cells = [["" if cell is None else str(cell) for cell in row] for row in answer]
        finally:
            engine.dispose()
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"table {name} cannot be read: {reason[:200]}") from None
    columns = Columns(len(used), **{column: i for i, column in enumerate(used)})
    yield from checked(enumerate(cells, start=1), columns, Path(name))
