"""Tables that are in memory already."""

from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest
from scipy import sparse

from fedras.data import Interactions, from_columns, interactions_from
from fedras.errors import DataError

USERS, ITEMS, TIMES = [1, 1, 2, 2], ["b", "a", "b", "c"], [3, 1, 2, 4]
HISTORY = {"1": ["a", "b"], "2": ["b", "c"]}


def histories(data: Interactions) -> dict[str, list[str]]:
    items = data.item_ids[data.items].tolist()
    bounds = zip(data.indptr[:-1].tolist(), data.indptr[1:].tolist(), strict=True)
    return {u: items[a:b] for u, (a, b) in zip(data.user_ids.tolist(), bounds, strict=True)}


class Frame:
    """A data frame of a library that we do not know, which speaks Arrow's C interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        table = pa.table({"customer": USERS, "product": ITEMS, "ts": TIMES})
        return table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "table",
    [
        {"user": USERS, "item": ITEMS, "when": TIMES},
        {"user": np.array(USERS), "item": np.array(ITEMS), "when": np.array(TIMES, "M8[s]")},
        pa.table({"user": USERS, "item": ITEMS, "time": TIMES}),
        pa.record_batch({"user": USERS, "item": ITEMS, "time": TIMES}),
        Frame(),
        [(1, "a"), (1, "b"), (2, "b"), (2, "c")],
        [{"user": u, "item": i, "ts": t} for u, i, t in zip(USERS, ITEMS, TIMES, strict=True)],
        list(zip(USERS, ITEMS, (1600000000 + t for t in TIMES), strict=True)),
        np.array(
            list(zip(USERS, ITEMS, TIMES, strict=True)),
            [("user", int), ("item", "U1"), ("time", int)],
        ),
    ],
    ids=lambda table: type(table).__name__,
)
def test_tables(table: Any) -> None:
    assert histories(interactions_from(table)) == HISTORY


def test_data_frames() -> None:
    for frames in (pandas, polars):
        frame = frames.DataFrame({"customer": USERS, "product": ITEMS, "ts": TIMES})
        assert histories(interactions_from(frame)) == HISTORY
        titled = interactions_from(frame, items=frames.DataFrame({"id": ["a"], "name": ["Alpha"]}))
        assert titled.titles is not None
        assert titled.titles.tolist() == ["Alpha", "b", "c"]


def test_sparse_matrices() -> None:
    matrix = sparse.csr_array(np.array([[5, 0, 1], [0, 2, 0]]))
    assert histories(interactions_from(matrix)) == {"0": ["0", "2"], "1": ["1"]}
    assert histories(interactions_from(matrix, min_rating=2)) == {"0": ["0"], "1": ["1"]}


def test_arrays_of_numbers() -> None:
    rows = np.array([[1, 5], [1, 6], [2, 5]])
    assert histories(interactions_from(rows)) == {"1": ["5", "6"], "2": ["5"]}


def test_titles_and_columns() -> None:
    found = interactions_from({"a": ITEMS, "b": USERS}, {"b": "Bee"}, {"user": "b", "item": "a"})
    assert found.titles is not None
    assert found.titles.tolist() == ["a", "Bee", "c"]
    assert found.columns == "user=b, item=a, time=none (order of the rows)"


def test_interactions_stay_as_they_are() -> None:
    data = from_columns("t", [1], [2])
    assert interactions_from(data) is data


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (5, "a int cannot be read as a table"),
        ("ratings.csv", "a file is read by fedras.data.load"),
        (None, "a NoneType cannot be read as a table"),
        ([], "has no rows"),
        ([(1, 2), (1, 2, 3)], "all alike"),
        (np.zeros((5, 9)), "scipy.sparse.csr_array"),
        ({"user": [1, 2], "item": [1]}, "expected length 2 but got length 1"),
        ({"user": [[1], [2]], "item": [1, 2]}, "table:1: the user column holds lists"),
        (
            {"user": [1, None], "item": [1, 2]},
            "table:2: the user id is empty; correct or remove the line, or drop all such rows: "
            'missing="drop"',
        ),
        ({"user": [1], "thing": [2]}, 'say which it is: columns="item=NAME"'),
    ],
)
def test_what_is_no_table(table: Any, says: str) -> None:
    with pytest.raises(DataError) as error:
        interactions_from(table)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_repeats_are_said_as_python_says_options() -> None:
    found = interactions_from([("u", "a"), ("u", "b"), ("u", "a")])
    assert found.columns.endswith('of which the first in time counts (all: keep_repeats="true")')
    assert len(interactions_from([("u", "a"), ("u", "a")], keep_repeats="true")) == 2
