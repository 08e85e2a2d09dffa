"""What is written is whole or not there, and private where it must be."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedras.errors import FedrasError
from fedras.whole_files import FolderLock, claim_folder, is_partial, make_folder, write, writing


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, b"before")
    with pytest.raises(KeyboardInterrupt), writing(path) as file:  # noqa: PT012
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(FedrasError, match=r"cannot write .*none/file: No such file"):
        write(tmp_path / "none" / "file", b"")
    write(tmp_path / "file", b"")
    with pytest.raises(FedrasError, match=r"cannot create .*file/folder: Not a directory"):
        make_folder(tmp_path / "file" / "folder")


def test_private_files_are_their_owners_alone(tmp_path: Path, umask: int) -> None:
    open_, closed = tmp_path / "open", tmp_path / "closed"
    (tmp_path / ".closed.partial").touch(0o666)  # of a process that was killed
    write(open_, b"")
    with writing(closed, private=True) as file:
        (partial,) = (path for path in tmp_path.iterdir() if is_partial(path.name))
        assert _mode(partial) == 0o600
        file.write(b"secret")
    assert _mode(closed) == 0o600
    assert _mode(open_) == 0o666 & ~umask


@pytest.mark.usefixtures("umask")
def test_private_folders_are_their_owners_alone(tmp_path: Path) -> None:
    make_folder(tmp_path / "new", private=True)
    assert _mode(tmp_path / "new") == 0o700
    (tmp_path / "old").mkdir()
    (tmp_path / "old").chmod(0o755)
    make_folder(tmp_path / "old")
    assert _mode(tmp_path / "old") == 0o755
    make_folder(tmp_path / "old", private=True)
    assert _mode(tmp_path / "old") == 0o700


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert first.acquire()
    assert not second.acquire()
    assert not second.acquire(0.15)
    first.release()
    assert second.acquire()
    del second
    assert first.acquire()
    with pytest.raises(FedrasError, match=r"cannot open .*none: No such file"):
        FolderLock(tmp_path / "none").acquire()


CLAIM = """
import sys
from pathlib import Path
from fedras.whole_files import claim_folder
number = next(n for n in range(100) if claim_folder(Path("runs", str(n))))
sys.stdout.write(f"{number}\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def test_processes_that_start_at_once_get_a_folder_each(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    numbers = []
    for process in started:
        assert process.stdout is not None
        numbers.append(int(process.stdout.readline()))
    assert sorted(numbers) == [0, 1, 2, 3]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["0", "1", "2", "3"]
    for process in started:
        process.communicate()


def test_a_folder_that_cannot_be_claimed_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(FedrasError, match=r"cannot create .*runs"):
        claim_folder(tmp_path / "runs" / "one")
