"""Any table, written in any form, reads back as the same interactions or as one clear error."""

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather, parquet

from fedras.data import Interactions, from_columns, interactions_from, load
from fedras.errors import DataError

Rows = list[tuple[str, str, int]]

# What text forms cannot keep: a comment, blanks at an end, a mark at the start, a missing id.
texts = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\ufeff#%"
    ),
    min_size=1,
    max_size=6,
)
words = st.text("abcxyz0189_.-é", min_size=1, max_size=5)
numbers = st.integers(0, 50).map(str)
times = st.integers(0, 5) | st.integers(1_500_000_000, 1_500_000_009)


def tables(ids: st.SearchStrategy[str]) -> st.SearchStrategy[Rows]:
    return st.lists(st.tuples(ids, ids, times), min_size=1, max_size=12)


def as_dict(data: Interactions) -> dict[str, list[str]]:
    items = data.item_ids[data.items].tolist()
    bounds = zip(data.indptr[:-1].tolist(), data.indptr[1:].tolist(), strict=True)
    return {u: items[a:b] for u, (a, b) in zip(data.user_ids.tolist(), bounds, strict=True)}


def expected(rows: Rows) -> dict[str, list[str]]:
    """What the interface for arrays makes of it."""
    users, items, when = (list(column) for column in zip(*rows, strict=True))
    return as_dict(from_columns("t", users, items, pa.array(when).to_numpy()))


def separated(rows: Rows, separator: str) -> bytes:
    out = io.StringIO()
    table = csv.writer(out, delimiter=separator)
    table.writerow(["user_id", "item_id", "timestamp"])
    table.writerows(rows)
    return out.getvalue().encode()


def joined(rows: Rows, separator: str) -> bytes:
    lines = [separator.join(("user", "item", "timestamp"))]
    lines += [separator.join((user, item, str(time))) for user, item, time in rows]
    return "\n".join(lines).encode()


def json_lines(rows: Rows) -> bytes:
    names = ("user", "item", "timestamp")
    return b"\n".join(json.dumps(dict(zip(names, row, strict=True))).encode() for row in rows)


def same_or_refused(path: Path, rows: Rows) -> None:
    try:
        found = load(str(path))
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 -- both ways are right
        assert str(path) in str(error)  # noqa: PT017
        return
    assert as_dict(found) == expected(rows)


quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(rows=tables(texts), separator=st.sampled_from(",;|"))
def test_quoted_text(tmp_path: Path, rows: Rows, separator: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(separated(rows, separator))
    same_or_refused(path, rows)


@quick
@given(rows=tables(words), separator=st.sampled_from([",", ";", "|", "\t", "::", " "]))
def test_plain_words(tmp_path: Path, rows: Rows, separator: str) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes(joined(rows, separator))
    same_or_refused(path, rows)


@quick
@given(rows=tables(numbers), separator=st.sampled_from([",", ";", "|", "\t", "::", " "]))
def test_numbers_are_never_refused(tmp_path: Path, rows: Rows, separator: str) -> None:
    path = tmp_path / "t.dat"
    rows = [(user, item, time % 1_500_000_000) for user, item, time in rows]
    path.write_bytes(joined(rows, separator))
    assert as_dict(load(str(path))) == expected(rows)


@quick
@given(rows=tables(texts))
def test_json_lines(tmp_path: Path, rows: Rows) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(json_lines(rows))
    same_or_refused(path, rows)


@quick
@given(rows=tables(texts), form=st.sampled_from(["parquet", "feather"]))
def test_typed_files(tmp_path: Path, rows: Rows, form: str) -> None:
    table = pa.table(dict(zip(("user", "item", "timestamp"), zip(*rows, strict=True), strict=True)))
    path = tmp_path / f"t.{form}"
    (parquet.write_table if form == "parquet" else feather.write_feather)(table, str(path))
    same_or_refused(path, rows)


@quick
@given(users=st.dictionaries(numbers, st.lists(numbers, min_size=1, unique=True), min_size=1))
def test_lists(tmp_path: Path, users: dict[str, list[str]]) -> None:
    path = tmp_path / "train.txt"
    path.write_text("\n".join(" ".join((user, *items)) for user, items in users.items()))
    assert as_dict(load(str(path), options={"layout": "lists"})) == users


@quick
@given(rows=tables(words))
def test_tables_in_memory(rows: Rows) -> None:
    rows = [(f"u{user}", f"i{item}", time) for user, item, time in rows]
    rows = [(user, item, 1_500_000_000 + time % 10) for user, item, time in rows]
    columns = dict(zip(("user", "item", "time"), map(list, zip(*rows, strict=True)), strict=True))
    for form in (columns, pa.table(columns), rows):
        assert as_dict(interactions_from(form)) == expected(rows)
