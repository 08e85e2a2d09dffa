"""The file that keeps a state between two rounds, of a run or of a node.

It is a NumPy archive, stored without compression, whose comment ends with a digest over all that is
before it: what is read is what was written, or it is refused before memory is spent on it.
"""

import json
import zipfile
from hashlib import blake2b
from pathlib import Path
from typing import IO, BinaryIO, Literal

import numpy as np
from numpy.lib import format as npy

from fedras.arrays import AnyArray, Arrays
from fedras.errors import FedrasError
from fedras.federation.state import State
from fedras.whole_files import writing

CHECKPOINT = "checkpoint.npz"
_VALUES = "values"
_FORMAT = b"fedras checkpoint 2 "
_DIGEST = 64  # hexadecimal digits
_BLOCK = 1 << 20
_HEADER = 10_000  # bytes, of an array


def write_checkpoint(folder: Path, state: State, private: bool = False) -> None:
    """Replace the checkpoint in ``folder``; on failure the one before stays.

    Parameters
    ----------
    folder, state
        Where, and what.
    private
        Nobody but its owner may read the file.

    Raises
    ------
    FedrasError
        If it cannot be written.
    """
    values = np.frombuffer(json.dumps(state.values).encode(), np.uint8)
    with writing(folder / CHECKPOINT, private) as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in {**state.arrays, _VALUES: values}.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    npy.write_array(member, np.asarray(array), (1, 0), allow_pickle=False)
            archive.comment = _FORMAT + bytes(_DIGEST)
        end = file.tell() - _DIGEST
        digest = _digest(file, end)
        file.seek(end)
        file.write(digest)


def read_checkpoint(folder: Path) -> State | None:
    """Return the checkpoint in ``folder``, or None if there is none yet.

    Raises
    ------
    FedrasError
        If it is damaged, was written by another version, or cannot be read.
    """
    path = folder / CHECKPOINT
    try:
        if path.exists() and not path.is_file():
            raise FedrasError(f"{path} is no file")
        with path.open("rb") as file:
            whole = _is_whole(file)
            if whole is None:
                raise FedrasError(
                    f"{path} is damaged or of another version of fedras; use that, or delete it to "
                    "train again from the first round"
                )
            arrays = _read(file) if whole else {}
            values = json.loads(arrays.pop(_VALUES).tobytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FedrasError(f"cannot read {path}: {error.strerror or error}") from None
    except FedrasError:
        raise
    except Exception:  # NumPy, zipfile and json have a dozen ways to say it
        raise FedrasError(
            f"{path} is damaged; delete it to train again from the first round"
        ) from None
    return State(arrays, values)


def _is_whole(file: BinaryIO) -> bool | None:
    """Return whether a file is as it was written; None for an archive of another version."""
    end = file.seek(0, 2) - _DIGEST
    file.seek(max(0, end - len(_FORMAT)))
    if file.read(len(_FORMAT)) != _FORMAT:
        return None if zipfile.is_zipfile(file) else False
    kept = file.read()
    return kept == _digest(file, end)


def _digest(file: BinaryIO, end: int) -> bytes:
    """Return the digest of the first ``end`` bytes as hexadecimal digits."""
    file.seek(0)
    digest = blake2b(digest_size=_DIGEST // 2)
    while end > 0 and (block := file.read(min(end, _BLOCK))):
        digest.update(block)
        end -= len(block)
    return digest.hexdigest().encode()


def _read(file: BinaryIO) -> Arrays:
    """Return the arrays of an archive that are no larger than it is.

    Raises
    ------
    Exception
        If it is not such an archive as `write_checkpoint` makes.
    """
    arrays: Arrays = {}
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        size = file.seek(0, 2)
        if sum(member.file_size for member in members) > size:
            raise ValueError("members larger than the archive")
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in arrays or member.compress_type != zipfile.ZIP_STORED:
                raise ValueError("a member twice, or compressed")
            with archive.open(member) as content:
                arrays[name] = _array(content, member.file_size)
    return arrays


def _array(content: IO[bytes], size: int) -> AnyArray:
    """Return an array that takes all of ``size`` bytes, header and all."""
    if npy.read_magic(content) != (1, 0):
        raise ValueError("another format of arrays")
    shape, fortran, dtype = npy.read_array_header_1_0(content, _HEADER)
    start = content.tell()
    if dtype.hasobject or start + dtype.itemsize * np.prod(shape, dtype=object) != size:
        raise ValueError("a header that is not of this array")
    order: Literal["F", "C"] = "F" if fortran else "C"
    return np.ndarray(shape, dtype, bytearray(content.read()), order=order)
