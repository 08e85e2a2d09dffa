"""A checkpoint that is read is the one that was written, or one clear error."""

import json
import os
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes

from fedras.errors import FedrasError
from fedras.federation.state import State
from fedras.run.checkpoint import CHECKPOINT, _digest, read_checkpoint, write_checkpoint

STATE = State(
    {"a": np.arange(300, dtype=np.float32), "b": np.zeros((0, 3)), "c": np.ones((2, 3, 2), "<i8")},
    {"round": 1, "memory": [0.1], "name": "Zoë"},
)
IN_A_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _same(one: State | None, other: State) -> bool:
    return (
        one is not None
        and one.values == other.values
        and one.arrays.keys() == other.arrays.keys()
        and all(
            (one.arrays[name].dtype, one.arrays[name].shape, one.arrays[name].tobytes())
            == (array.dtype, array.shape, array.tobytes())
            for name, array in other.arrays.items()
        )
    )


def _sealed(content: bytes) -> bytes:
    """Return an archive with a comment and digest as they should be, whatever is in it."""
    file = BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"fedras checkpoint 1 " + bytes(64)
    end = len(file.getvalue()) - 64
    return file.getvalue()[:end] + _digest(file, end)


def _members(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return _sealed(file.getvalue())


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    file = BytesIO()
    np.lib.format.write_array(file, array, (1, 0))
    return file.getvalue()


VALUES = ("values.npy", _npy(np.frombuffer(b"{}", np.uint8)))


@IN_A_FOLDER
@given(
    st.dictionaries(
        st.sampled_from("abc"),
        arrays(scalar_dtypes(), array_shapes(min_dims=0, min_side=0))
        | st.just(np.asfortranarray(np.eye(3))),
    ),
    st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.floats(allow_nan=False))),
)
def test_what_is_written_is_read(
    tmp_path: Path, kept: dict[str, np.ndarray[Any, Any]], values: dict[str, Any]
) -> None:
    write_checkpoint(tmp_path, State(kept, values))
    read = read_checkpoint(tmp_path)
    assert _same(read, State(kept, values))
    assert all(array.flags.writeable for array in read.arrays.values())  # type: ignore[union-attr]
    with np.load(tmp_path / CHECKPOINT) as content:
        assert set(content.files) == {*kept, "values"}


def test_the_same_state_is_the_same_file(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, STATE)
    first = (tmp_path / CHECKPOINT).read_bytes()
    write_checkpoint(tmp_path, STATE)
    assert (tmp_path / CHECKPOINT).read_bytes() == first
    assert not (tmp_path / "none").exists()
    assert read_checkpoint(tmp_path / "none") is None


@IN_A_FOLDER
@given(st.data())
def test_any_change_is_one_error(tmp_path: Path, data: st.DataObject) -> None:
    write_checkpoint(tmp_path, STATE)
    path = tmp_path / CHECKPOINT
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "insert", "append"]))
    changed = bytearray(whole)
    if kind == "flip":
        changed[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del changed[place:]
    elif kind == "insert":
        changed[place:place] = data.draw(st.binary(min_size=1, max_size=50))
    else:
        changed += data.draw(st.binary(min_size=1, max_size=100))
    path.write_bytes(changed)
    with pytest.raises(FedrasError, match=r"checkpoint\.npz is damaged") as raised:
        read_checkpoint(tmp_path)
    assert "\n" not in str(raised.value)


def test_an_archive_of_numpy_is_of_another_version(tmp_path: Path) -> None:
    np.savez(tmp_path / CHECKPOINT, a=np.ones(3), values=np.frombuffer(b"{}", np.uint8))
    with pytest.raises(FedrasError, match="of another version of fedras"):
        read_checkpoint(tmp_path)


_HUGE = np.lib.format.header_data_from_array_1_0(np.zeros(1)) | {"shape": (1 << 50,)}


def _huge_header() -> bytes:
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, _HUGE)
    return file.getvalue() + bytes(64)


BOMBS = {
    "compressed": lambda: _members(
        VALUES, ("a.npy", bytes(50_000_000)), compression=zipfile.ZIP_DEFLATED
    ),
    "huge shape": lambda: _members(VALUES, ("a.npy", _huge_header())),
    "no array": lambda: _members(VALUES, ("a.npy", b"no array")),
    "objects": lambda: _members(VALUES, ("a.npy", _npy(np.array([None])))),
    "rest": lambda: _members(VALUES, ("a.npy", _npy(np.ones(3)) + b"more")),
    "no values": lambda: _members(("a.npy", _npy(np.ones(3)))),
    "no JSON": lambda: _members(("values.npy", _npy(np.ones(3)))),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_sealed_archives_of_others_are_refused_before_memory_is_spent(
    kind: str, tmp_path: Path
) -> None:
    (tmp_path / CHECKPOINT).write_bytes(BOMBS[kind]())
    tracemalloc.start()
    try:
        with pytest.raises(FedrasError, match=r"checkpoint\.npz is damaged"):
            read_checkpoint(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path: Path) -> None:
    one, two = ("a.npy", _npy(np.ones(3))), ("a.npy", _npy(np.zeros(3)))
    (tmp_path / CHECKPOINT).write_bytes(_members(VALUES, one, two))
    with pytest.raises(FedrasError, match=r"checkpoint\.npz is damaged"):
        read_checkpoint(tmp_path)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """Many directory entries may point to one large member."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(*VALUES)
        archive.writestr("a.npy", _npy(np.ones(1 << 18)))
        for number in range(100):
            twin = zipfile.ZipInfo(f"b{number}.npy")
            info = archive.getinfo("a.npy")
            for name in ("CRC", "compress_size", "file_size", "header_offset"):
                setattr(twin, name, getattr(info, name))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
    (tmp_path / CHECKPOINT).write_bytes(_sealed(file.getvalue()))
    with pytest.raises(FedrasError, match=r"checkpoint\.npz is damaged"):
        read_checkpoint(tmp_path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / CHECKPOINT)
    with pytest.raises(FedrasError, match="is no file"):
        read_checkpoint(tmp_path)


def test_values_are_json(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, STATE)
    with np.load(tmp_path / CHECKPOINT) as content:
        assert json.loads(content["values"].tobytes()) == STATE.values
