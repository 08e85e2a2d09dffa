"""Where a node's own interactions are: a file in any form, or a table of a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fedras.core.updates import bounds_of
from fedras.data import Interactions, Sources, open_dataset
from fedras.data.build import build
from fedras.data.files import File
from fedras.data.forms.columnar import Columnar
from fedras.data.interactions import strings
from fedras.data.select import Selection, take
from fedras.errors import DataError, UsageError
from fedras.extras import install
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
    options
        What is taken of it: options of `data.files.File`, of a table those of `Selection`.
    """

    data: str
    table: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def load(self, catalogue: Catalogue) -> tuple[Interactions, int]:
        """Return the interactions with items that the catalogue knows, and how many it does not.

        Raises
        ------
        DataError
            If the data cannot be read or a row is malformed.
        UsageError
            If a database is given without a table, or an option cannot be meant.
        """
        dataset = open_dataset(str(Path(self.table or self.data).absolute()), self.options)
        if "://" not in self.data:
            path = Path(self.data)
            return known(dataset.model_copy(update={"path": path}).load(Sources()), catalogue)
        if not self.table:
            raise UsageError('a database needs the name of a table: table="..."')
        assert isinstance(dataset, File)  # noqa: S101 -- a path opens nothing else
        selection = Selection.model_validate(
            dataset.model_dump(include=set(Selection.model_fields))
        )
        rows = _table_rows(self.data, self.table)
        return known(build(self.table, take(rows, selection), selection), catalogue)


def known(own: Interactions, catalogue: Catalogue) -> tuple[Interactions, int]:
    """Return the interactions by the catalogue's rows, and how many have an item it lacks."""
    items = catalogue.rows(own.item_ids.tolist())[own.items]
    kept = items >= 0
    counts = np.diff(own.indptr)
    owner = np.repeat(np.arange(own.n_users), counts)
    count = np.bincount(owner[kept], minlength=own.n_users)
    users = np.flatnonzero(count)
    tests = None
    if own.tests is not None:
        tested = np.arange(len(own)) >= np.repeat(own.indptr[1:] - own.tests, counts)
        tests = np.bincount(owner[kept & tested], minlength=own.n_users)[users]
    mine = replace(
        own,
        user_ids=own.user_ids[users],
        item_ids=strings(catalogue.items),
        indptr=bounds_of(count[users]),
        items=items[kept],
        titles=strings(catalogue.titles),
        tests=tests,
        times=None,
    )
    return mine, int((~kept).sum())


def _table_rows(url: str, name: str) -> Columnar:
    try:
        import sqlalchemy as sa  # noqa: PLC0415 -- optional
    except ImportError:
        raise DataError(f"table {name}: databases need SQLAlchemy; run: {install('sql')}") from None
    engine = None
    try:
        engine = sa.create_engine(url)
        table = sa.Table(name, sa.MetaData(), autoload_with=engine)
        names = [column.name for column in table.columns]
        with engine.connect() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            # Rows at the same time keep the order of the primary key, as lines of a file do.
            keys = list(table.primary_key.columns)
            read = connection.execute(sa.select(table).order_by(*keys)).all() if count else []
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"table {name} cannot be read: {reason[:200]}") from None
    finally:
        if engine is not None:
            engine.dispose()

    def load(places: list[int]) -> Any:
        return _arrow([[row[place] for row in read] for place in places])

    return Columnar(f"table {name}", "table", names, load, count)


def _arrow(columns: list[list[Any]]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 -- slow to import

    return pa.table({str(n): pa.array(column) for n, column in enumerate(columns)})
