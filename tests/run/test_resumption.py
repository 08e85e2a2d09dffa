"""What is restored is the state of this very run, all of it or nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.small_federation import HETEROGENEOUS, interactions

import fedras
from fedras.arrays import AnyArray
from fedras.config import Config
from fedras.errors import FedrasError
from fedras.federation.simulator import Simulation
from fedras.federation.state import State
from fedras.run.checkpoint import read_checkpoint, write_checkpoint
from fedras.run.folder import RunFolder
from fedras.run.resumption import restore

CONFIG = Config.model_validate(
    {
        "dim": 6,
        "rounds": 4,
        "client_fraction": 0.25,
        "error_feedback": True,
        "uplink_error_feedback": True,
        "model": "ncf",
        **HETEROGENEOUS,
    }
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "finished"
    list(fedras.train(CONFIG, folder, interactions=interactions()))
    return folder


def _state(folder: Path) -> State:
    state = read_checkpoint(folder)
    assert state is not None
    return state


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, to spoil."""
    (tmp_path / "config.toml").write_bytes((finished / "config.toml").read_bytes())
    write_checkpoint(tmp_path, _state(finished))
    return tmp_path


def _refused(folder: Path, match: str) -> None:
    """The checkpoint is refused in one line, and nothing of it is taken over."""
    simulation = Simulation(CONFIG, interactions())
    before = simulation.state()
    kept = {name: array.copy() for name, array in before.arrays.items()}
    with pytest.raises(FedrasError, match=match) as raised:
        restore(simulation, RunFolder(folder))
    assert "\n" not in str(raised.value)
    after = simulation.state()
    assert after.values == before.values
    assert all(after.arrays[name].tobytes() == array.tobytes() for name, array in kept.items())


def test_whoever_reads_it_refuses_it(folder: Path) -> None:
    arrays, values = _state(folder)
    write_checkpoint(folder, State(arrays | {"items": arrays["items"][:-1]}, values))
    for use in (
        lambda: fedras.load(folder, interactions=interactions()),
        lambda: fedras.train(None, folder, resume=True, interactions=interactions()),
        lambda: fedras.train(None, folder, resume=True, interactions=interactions()),
    ):
        with pytest.raises(FedrasError, match="its items are float32"):
            use()


def test_it_is_taken_over_as_it_is(folder: Path) -> None:
    assert len(fedras.load(folder, interactions=interactions()).recommend("u05", 3)) == 3


BYTES = ["broadcast_0", "broadcast_1", "broadcast_2", "broadcast_3", "scoring_sent"]
RESIDUAL = ["residual", "residual_client", "residual_row"]
OTHERS = ["clients", "heard", "items", "replicas", "scoring", "scoring_lost", "stream_of", "trust"]
NAMES = [*BYTES, *RESIDUAL, *OTHERS, "vectors"]


def _longer(array: AnyArray) -> AnyArray:
    return np.resize(array, (len(array) + 1, *array.shape[1:]))


WRONG: dict[str, Callable[[AnyArray], AnyArray | None]] = {
    "missing": lambda _: None,
    "shape": _longer,
    "dtype": lambda array: array.astype(np.complex64),
    "axes": lambda array: array[..., None],
}
CASES = [
    (name, wrong) for name in NAMES for wrong in WRONG if name not in BYTES or wrong != "shape"
]


def test_all_arrays_are_tried(finished: Path) -> None:
    assert sorted(_state(finished).arrays) == sorted(NAMES)


@pytest.mark.parametrize(("name", "wrong"), CASES)
def test_another_array_is_refused(name: str, wrong: str, folder: Path) -> None:
    arrays, values = _state(folder)
    array = WRONG[wrong](arrays.pop(name))
    if array is not None:
        arrays[name] = array
    write_checkpoint(folder, State(arrays, values))
    _refused(folder, r"is of another run or another version of fedras: it")


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["items", "replicas", "scoring", "scoring_lost", "trust"])
def test_numbers_of_the_server_are_finite(name: str, number: float, folder: Path) -> None:
    arrays, values = _state(folder)
    arrays[name].flat[-1] = number
    write_checkpoint(folder, State(arrays, values))
    _refused(folder, f"its {name} are not finite")


@pytest.mark.parametrize(
    ("name", "value"), [("stream_of", 99), ("stream_of", -1), ("heard", 5), ("heard", -1)]
)
def test_numbers_of_what_there_is_not_are_refused(name: str, value: int, folder: Path) -> None:
    arrays, values = _state(folder)
    arrays[name][0] = value
    write_checkpoint(folder, State(arrays, values))
    _refused(folder, "that there are not")


def test_values_of_others_are_refused(folder: Path) -> None:
    arrays, values = _state(folder)
    state = values["state"]
    for wrong in (
        {"round": 5},
        {"round": -1},
        {"version": 3},
        {"scoring_log": [0]},
        {"scoring_log": [0, 1, 2, 3, "4"]},
        {"streams": state["streams"][:-1]},
        {"streams": [each | {"log": [0, 3, 2, 4, 5]} for each in state["streams"]]},
        {"streams": [each | {"budget": 1} for each in state["streams"]]},
        {"streams": [each | {"more": 1} for each in state["streams"]]},
        {"streams": None},
    ):
        write_checkpoint(folder, State(arrays, values | {"state": state | wrong}))
        _refused(folder, "is of another run or another version of fedras: it")
    for name in values:
        others = {key: value for key, value in values.items() if key != name}
        write_checkpoint(folder, State(arrays, others))
        _refused(folder, f"it has no '{name}'")
        write_checkpoint(folder, State(arrays, values | {name: [7]}))
        _refused(folder, "another run or another version|is not the data")


def test_the_checkpoint_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    """Also where all shapes are the same."""
    other = tmp_path / "other"
    list(fedras.train(CONFIG.model_copy(update={"seed": 7}), other, interactions=interactions()))
    (folder / "checkpoint.npz").write_bytes((other / "checkpoint.npz").read_bytes())
    _refused(folder, "says seed = 1, but .* was trained with 7")


def test_users_that_diverged_are_recommended_nothing(folder: Path) -> None:
    arrays, values = _state(folder)
    arrays["vectors"][5] = np.inf
    write_checkpoint(folder, State(arrays, values))
    loaded = fedras.load(folder, interactions=interactions())
    assert loaded.recommend("u06", 3)
    with pytest.raises(FedrasError, match="training diverged"):
        loaded.recommend("u05", 3)
