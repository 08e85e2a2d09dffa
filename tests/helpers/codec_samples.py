"""Every registered codec, and the updates that each must code."""

from dataclasses import MISSING, fields, is_dataclass

import numpy as np

from fedras.codecs import CODECS, Codec, RowUpdate

COLUMNS = 5

_GIVEN = {"int": 4, "float": 0.5, "bool": True}


def make(name: str, **given: object) -> Codec:
    """Return the codec ``name`` with its defaults, and 4 or 0.5 where it has none."""
    kind = CODECS.get(name)
    assert is_dataclass(kind)
    required = [f for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    types = {f.name: f.type if isinstance(f.type, str) else f.type.__name__ for f in required}
    return kind(**{name: _GIVEN[type_] for name, type_ in types.items()} | given)


def update(rows: list[int], size: int, seed: int = 0, columns: int = COLUMNS) -> RowUpdate:
    """Return an update of the rows with normal values."""
    values = np.random.default_rng(seed).normal(size=(len(rows), columns))
    return RowUpdate(np.array(rows, np.int32), values.astype(np.float32), size)


def constant(rows: list[int], size: int, value: float) -> RowUpdate:
    """Return an update of equal rows."""
    values = np.full((len(rows), COLUMNS), value, np.float32)
    return RowUpdate(np.array(rows, np.int32), values, size)


UPDATES: dict[str, RowUpdate] = {
    "some rows": update(list(range(3, 60, 7)), 60),
    "few rows": update([5, 17], 60),
    "no rows": update([], 60),
    "one row": update([59], 60),
    "first row": update([0], 60),
    "all rows": update(list(range(60)), 60),
    "a matrix of one row": update([0], 1),
    "few of many": update(list(range(7, 1_000_000, 90_000)), 1_000_000),
    "equal rows": constant(list(range(0, 60, 2)), 60, 0.25),
    "zeros": constant(list(range(20)), 60, 0.0),
    "denormal": constant(list(range(20)), 60, 1e-42),
    "one column": update(list(range(30)), 60, columns=1),
    "many columns": update(list(range(30)), 60, columns=67),
}
