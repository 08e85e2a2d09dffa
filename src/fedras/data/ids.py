"""The ids of users and items, made text and numbered."""

import re
from typing import Any, NamedTuple

import numpy as np

from fedras.arrays import Bools, Int32s
from fedras.data.forms.rows import CellError

_WORDS = "nan NaN NAN null NULL Null None NA N/A n/a <NA> #N/A \\N NaT nil undefined"
MISSING = frozenset(("", *_WORDS.split()))
"""What stands in the cells of tables where there is nothing."""
_WHOLE = re.compile(r"-?\d+(\.0+)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]\+?\d+)?")
_POWER = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_LIST = re.compile(r"\[.*\]|\{.*\}|\(.*,.*\)", re.DOTALL)


class Coded(NamedTuple):
    """A column of ids.

    Attributes
    ----------
    ids
        The distinct ids in canonical order: by value if all are whole numbers, else as text.
    places
        int32[rows], where each row's id is among them; -1 for a row that has none.
    remark
        What was done to make them ids, in words, if anything.
    """

    ids: list[str]
    places: Int32s
    remark: str = ""


def coded(column: Any, role: str, keep_missing: bool = False) -> Coded:
    """Give each id of a column its number.

    Text is stripped, and whole numbers that were written with a point, as 7.0, are written without,
    if all are whole numbers.

    Parameters
    ----------
    column
        Arrow chunked array [rows] of ids.
    role
        "user" or "item", for messages.
    keep_missing
        Whether words such as NULL are ids like others; empty cells never are.

    Raises
    ------
    CellError
        If the column holds lists or other structures.
    """
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import types  # noqa: PLC0415

    kind = column.type
    if types.is_nested(kind):
        what = "lists" if types.is_list(kind) or types.is_large_list(kind) else str(kind)[:40]
        raise CellError(0, f"the {role} column holds {what}; one row per {role} is expected")
    if isinstance(kind, pa.BaseExtensionType):  # such as UUIDs
        plain = [None if value is None else str(value) for value in column.to_pylist()]
        column = pa.chunked_array([pa.array(plain, pa.string())])
    if types.is_boolean(kind):
        column = column.cast(pa.string())
    if not types.is_dictionary(kind):
        column = column.dictionary_encode()
    column = column.unify_dictionaries().combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # no rows, or too many for one piece
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    texts, remark = _texts(column.dictionary.to_pylist())
    gone = {""} if keep_missing else MISSING
    _require_no_lists(texts, column, role)
    distinct = canonical({text for text in texts if text not in gone})
    place = {text: number for number, text in enumerate(distinct)}
    new = np.array([place.get(text, -1) for text in texts] + [-1], np.int32)
    old = column.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return Coded(distinct, new[old], remark)


def absent(column: Any) -> Bools:
    """Return bool[rows], where an Arrow chunked array has nothing, or a word for it."""
    import pyarrow as pa  # noqa: PLC0415 -- slow to import
    from pyarrow import compute as pc  # noqa: PLC0415

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    mask = column.is_null(nan_is_null=True)
    kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        words = pa.array(sorted(MISSING), kind)
        mask = pc.or_(mask, pc.is_in(column, value_set=words))
    found: Bools = mask.to_numpy()
    return found


def _texts(values: list[Any]) -> tuple[list[str], str]:
    """Return distinct values as text, and what was done with them."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {bytes}:
        try:
            texts, remark = [(value or b"").decode().strip() for value in values], ""
        except UnicodeDecodeError:
            texts = [(value or b"").decode("latin-1").strip() for value in values]
            remark = "not UTF-8, read as Latin-1"
        return _whole(texts, remark)
    return _whole(["" if value is None else str(value).strip() for value in values], "")


def _whole(texts: list[str], remark: str) -> tuple[list[str], str]:
    """Write 7.0 as 7, if all are whole numbers."""
    some = [text for text in texts if text not in MISSING]
    power = next(filter(_POWER.fullmatch, some), None)
    if power is not None and not remark and all(map(_NUMBER.fullmatch, some)):
        if "." in power:
            return texts, f"{power} may be several ids that a spreadsheet cut short"
        return texts, f"{power} is not taken for {float(power):.0f}"
    pointed = next((text for text in some if "." in text), None)
    if pointed is None or not all(map(_WHOLE.fullmatch, some)):
        return texts, remark
    bare = [text if text in MISSING else text.partition(".")[0] for text in texts]
    return bare, f"{pointed} is {pointed.partition('.')[0]}"


def _require_no_lists(texts: list[str], column: Any, role: str) -> None:
    """Refuse a column whose cells are lists, written as text."""
    some = [text for text in texts if text not in MISSING]
    if some and all(map(_LIST.fullmatch, some[:100])):
        row = int(
            np.flatnonzero(column.indices.to_numpy(zero_copy_only=False) == texts.index(some[0]))[0]
        )
        raise CellError(
            row, f"the {role} column holds lists ({some[0][:40]}); one row per {role} is expected"
        )


def canonical(ids: set[str]) -> list[str]:
    """Sort by value if all ids are plain whole numbers, otherwise as text."""
    try:
        values = sorted(int(i) for i in ids)
    except ValueError:
        return sorted(ids)
    texts = [str(v) for v in values]
    return texts if set(texts) == ids else sorted(ids)  # "007" is text
