"""The file that keeps a state between two rounds, of a run or of a node."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from fedras.errors import FedrasError
from fedras.federation.state import State
from fedras.whole_files import writing

CHECKPOINT = "checkpoint.npz"
_VALUES = "values"


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
    content: dict[str, Any] = {**state.arrays, _VALUES: values}
    with writing(folder / CHECKPOINT, private) as file:
        np.savez(file, **content)


def read_checkpoint(folder: Path) -> State | None:
    """Return the checkpoint in ``folder``, or None if there is none yet.

    Raises
    ------
    FedrasError
        If it is damaged or cannot be read.
    """
    path = folder / CHECKPOINT
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FedrasError(f"cannot read {path}: {error.strerror}") from None
    with file:
        try:
            with np.load(file, allow_pickle=False) as content:
                arrays = {name: content[name] for name in content.files}
            values = json.loads(arrays.pop(_VALUES).tobytes())
        except Exception:  # NumPy, zipfile and json have a dozen ways to say it
            raise FedrasError(
                f"{path} is damaged; delete it to train again from the first round"
            ) from None
    return State(arrays, values)
