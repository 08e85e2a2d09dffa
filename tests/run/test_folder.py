import errno
import os
import resource
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from fedras.components import complete
from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.federation.state import State
from fedras.run.folder import RunFolder

ONE = State({"a": np.arange(50_000, dtype=np.float32)}, {"round": 1, "memory": [0.1]})
TWO = State({"a": np.ones((3, 2), np.float32), "b": np.zeros(0)}, {"round": 2})


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.create(Config())
    return made


def _equal(one: State | None, other: State) -> bool:
    return (
        one is not None
        and one.values == other.values
        and one.arrays.keys() == other.arrays.keys()
        and all(np.array_equal(one.arrays[name], array) for name, array in other.arrays.items())
    )


def test_what_is_saved_is_read(folder: RunFolder) -> None:
    assert folder.checkpoint() is None
    for checkpoint in (ONE, TWO):
        folder.save(checkpoint)
        assert _equal(folder.checkpoint(), checkpoint)


def test_configuration_round_trip(tmp_path: Path) -> None:
    config = Config.model_validate(
        {"rounds": 7, "rate_range": (0.1, 0.9), "alpha": 0.3, "data_dir": tmp_path}
    )
    folder = RunFolder(tmp_path / "run")
    folder.create(config)
    read = folder.config()
    assert read.options["alpha"] == 0.3
    assert read.model_copy(update={"options": config.options}) == config


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_leaves_the_file_before(
    function: str, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder.save(ONE)
    if function == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(FedrasError, match=r"cannot write .*checkpoint\.npz: No space left"):
        folder.save(TWO)
    assert _equal(folder.checkpoint(), ONE)
    assert not list(folder.path.glob(".*"))


def test_a_file_that_may_not_grow_leaves_the_file_before(folder: RunFolder) -> None:
    folder.save(TWO)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(FedrasError, match=r"cannot write .*checkpoint\.npz: File too large"):
            folder.save(ONE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert _equal(folder.checkpoint(), TWO)
    assert not list(folder.path.glob(".*"))


def test_a_folder_that_cannot_get_its_configuration_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FedrasError, match="No space left"):
        RunFolder(tmp_path / "run").create(Config())
    assert not list(tmp_path.iterdir())


def test_only_an_empty_place_is_new(folder: RunFolder, tmp_path: Path) -> None:
    folder.save(TWO)
    with pytest.raises(UsageError, match="is not empty"):
        folder.require_new()
    with pytest.raises(UsageError, match="is no folder"):
        RunFolder(folder.path / "config.toml").require_new()
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / ".config.toml.partial").write_text("datas")
    RunFolder(torn).require_new()


def test_a_run_that_never_did_a_round_does_not_block_the_next(tmp_path: Path) -> None:
    path, config = tmp_path / "run", complete(Config())
    first = RunFolder(path)
    first.create(config)
    with pytest.raises(FedrasError, match="another process"):
        RunFolder(path).create(config)
    first.release()
    RunFolder(path).create(complete(Config(rounds=7)))
    assert first.config().rounds == 7
    written = path / "config.toml"
    written.write_text("# by hand\n" + written.read_text())
    with pytest.raises(UsageError, match="is not empty"):
        RunFolder(path).create(config)
    assert written.read_text().startswith("# by hand")


def test_only_what_was_made_here_and_never_begun_is_withdrawn(tmp_path: Path) -> None:
    path, config = tmp_path / "run", complete(Config())
    first = RunFolder(path)
    first.create(config)
    RunFolder(path).withdraw()
    assert first.has_run()
    (path / "notes").touch()
    first.withdraw()
    assert [entry.name for entry in path.iterdir()] == ["notes"]
    (path / "notes").unlink()
    first.create(config)
    (path / "checkpoint.npz").touch()
    first.withdraw()
    assert first.has_begun()
    (path / "checkpoint.npz").unlink()
    first.withdraw()
    assert not path.exists()


def test_numbered_folders_are_taken_when_they_are_created(tmp_path: Path) -> None:
    one, two = (RunFolder(tmp_path / "runs" / "mine", numbered=True) for _ in range(2))
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "config.toml").touch()
    for folder in (one, two):
        folder.require_new()
        assert not folder.has_run()
    two.create(Config())
    one.create(Config())
    assert (one.path.name, two.path.name) == ("mine-2", "mine-1")
    with pytest.raises(FedrasError, match="another process is training"):
        RunFolder(two.path).lock()


def test_one_writer_at_a_time(folder: RunFolder) -> None:
    other = RunFolder(folder.path)
    with pytest.raises(FedrasError, match="another process is training in"):
        other.lock()
    folder.release()
    other.lock()
    with pytest.raises(FedrasError, match="another process"):
        RunFolder(folder.path).lock()
    del other
    RunFolder(folder.path).lock()


def test_a_damaged_checkpoint_is_one_error(folder: RunFolder) -> None:
    folder.save(TWO)
    path = folder.path / "checkpoint.npz"
    whole = path.read_bytes()
    chance = np.random.default_rng(0)
    for length in [0, 1, *chance.choice(len(whole), 60, replace=False)]:
        path.write_bytes(whole[:length])
        with pytest.raises(FedrasError, match=r"checkpoint\.npz is damaged"):
            folder.checkpoint()
    for position in chance.choice(len(whole), 300, replace=False):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(chance.integers(8))
        path.write_bytes(damaged)
        try:
            folder.checkpoint()
        except FedrasError as error:
            assert "is damaged" in str(error)  # noqa: PT017 -- a few bits matter to nobody


def test_a_damaged_configuration_names_the_file(folder: RunFolder) -> None:
    path = folder.path / "config.toml"
    for text in ("rounds = ", "rounds = 0", "alpah = 1"):
        path.write_text(text)
        with pytest.raises(UsageError, match=r"config\.toml"):
            folder.config()
