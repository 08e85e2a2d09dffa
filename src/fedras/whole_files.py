"""Files that are whole at any time, whatever kills the process, and folders of one writer."""

import itertools
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from fedras.errors import FedrasError, UsageError

_PARTIAL = ".partial"
_PAUSE = 0.1  # seconds


@contextmanager
def writing(target: Path, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file that replaces ``target`` if the block ends well, and is gone if it does not.

    It is written beside its place, brought to the disk and moved there.

    Parameters
    ----------
    target
        The file.
    private
        Nobody but its owner may read it (mode 0600, whatever the umask), from its first byte on.

    Raises
    ------
    FedrasError
        If it cannot be written; what was there before stays.
    """
    partial = target.with_name(f".{target.name}{_PARTIAL}")
    try:
        with _opened(partial, private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise FedrasError(f"cannot write {target}: {error.strerror or error}") from None
        raise


def write(target: Path, content: bytes, private: bool = False) -> None:
    """Replace ``target`` by ``content``, whole or not at all; see `writing`."""
    with writing(target, private) as file:
        file.write(content)


def is_partial(name: str) -> bool:
    """Return whether a file of this name is what a killed process left of one that it wrote."""
    return name.startswith(".") and name.endswith(_PARTIAL)


def names_in(path: Path) -> list[str]:
    """Return the names of what is in a folder but for `is_partial`; none if it does not exist.

    Raises
    ------
    UsageError
        If it is a file.
    FedrasError
        If it cannot be read.
    """
    try:
        return [entry.name for entry in path.iterdir() if not is_partial(entry.name)]
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise UsageError(f"{path} is no folder; choose another --out") from None
    except OSError as error:
        raise FedrasError(f"cannot read {path}: {error.strerror}") from None


def make_folder(path: Path, private: bool = False) -> None:
    """Make a folder and those above it, where they do not exist.

    Parameters
    ----------
    path
        The folder.
    private
        Nobody but its owner may enter it (mode 0700, whatever the umask), also if it is there.

    Raises
    ------
    FedrasError
        If it cannot be made, or be made private.
    """
    try:
        path.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
        if private and path.stat().st_mode & 0o777 != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise FedrasError(f"cannot create {path}: {error.strerror}") from None


def claim_folder(path: Path) -> bool:
    """Make a folder; return whether it is ours, or was there already, perhaps of another process.

    Raises
    ------
    FedrasError
        If it cannot be made.
    """
    make_folder(path.parent)
    try:
        path.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise FedrasError(f"cannot create {path}: {error.strerror}") from None
    return True


def next_folder(path: Path) -> Path:
    """Make the first of ``path-1``, ``path-2`` ... that there is not yet, and return it.

    Raises
    ------
    FedrasError
        If it cannot be made.
    """
    numbers = (path.with_name(f"{path.name}-{n}") for n in itertools.count(1))
    return next(filter(claim_folder, numbers))


class FolderLock:
    """Keeps other processes from writing to a folder, as long as they ask.

    It ends with `release`, with this object or with the process. Where the system has no locks,
    as on Windows and some network file systems, it is always free.

    Parameters
    ----------
    path
        The folder; it must exist by the time of `acquire`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._close: weakref.finalize[..., Any] | None = None

    def acquire(self, seconds: float = 0.0) -> bool:
        """Return whether the folder is ours now, and not another's.

        Parameters
        ----------
        seconds
            How long to wait for another process.

        Raises
        ------
        FedrasError
            If there is no such folder, or it cannot be opened.
        """
        if self._close is not None and self._close.alive:
            return True
        try:
            import fcntl  # noqa: PLC0415 -- Windows has none
        except ImportError:
            return True
        try:
            folder = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise FedrasError(f"cannot open {self.path}: {error.strerror}") from None
        self._close = weakref.finalize(self, os.close, folder)
        give_up = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    self.release()
                    return False
                time.sleep(_PAUSE)
            except OSError:  # some network file systems have no locks
                self.release()
                return True
            else:
                return True

    def release(self) -> None:
        """Let other processes write here."""
        if self._close is not None:
            self._close()


def _opened(path: Path, private: bool) -> BinaryIO:
    """Open a new file to write to; one of that name was left by a process that is gone."""
    path.unlink(missing_ok=True)
    descriptor = os.open(
        path,
        os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
        0o600 if private else 0o666,
    )
    try:
        if private and hasattr(os, "fchmod"):  # a umask of 0o777 would leave not even the owner
            os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "w+b")
    except BaseException:
        os.close(descriptor)
        raise
