"""The folder of a run. Each file in it is whole at any time, whatever kills the process."""

import json
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from fedras.arrays import AnyArray
from fedras.components import make_config
from fedras.config import Config, read_config
from fedras.errors import FedrasError, UsageError

CONFIG = "config.toml"
CHECKPOINT = "checkpoint.npz"
METRICS = "metrics.jsonl"
SUMMARY = "summary.json"
_PARTIAL = ".partial"
_VALUES = "values"
_PAUSE = 0.1  # seconds


class Checkpoint(NamedTuple):
    """A run between two rounds.

    Attributes
    ----------
    arrays
        What changes from round to round, by name.
    values
        What JSON can hold of it.
    """

    arrays: dict[str, AnyArray]
    values: dict[str, Any]


class RunFolder:
    """The folder that keeps a run: its configuration, checkpoint, metrics and summary.

    A file is written next to its place and moved there when it is complete. The checkpoint alone
    says how far the run is; the metrics are written from it.

    Parameters
    ----------
    path
        The folder; it need not exist yet.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._unlock: weakref.finalize[..., Any] | None = None

    def require_new(self) -> None:
        """Check that a new run may start here.

        Raises
        ------
        UsageError
            If there is something already.
        FedrasError
            If the folder cannot be read.
        """
        try:
            names = [entry.name for entry in self.path.iterdir()]
        except FileNotFoundError:
            return
        except NotADirectoryError:
            raise UsageError(f"{self.path} is no folder; choose another --out") from None
        except OSError as error:
            raise FedrasError(f"cannot read {self.path}: {error.strerror}") from None
        if not all(name.endswith(_PARTIAL) for name in names):
            raise UsageError(
                f"{self.path} is not empty; continue its run with --resume or choose another --out"
            )

    def create(self, config: Config) -> None:
        """Make the folder, lock it and write the configuration.

        Raises
        ------
        UsageError
            If there is something already.
        FedrasError
            If it cannot be written, or another process uses it.
        """
        new = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FedrasError(f"cannot create {self.path}: {error.strerror}") from None
        try:
            self.lock()
            self.require_new()
            with self._writing(CONFIG) as file:
                file.write(config.to_toml().encode())
        except BaseException:
            self.release()
            if new:
                with suppress(OSError):
                    self.path.rmdir()
            raise

    def lock(self, seconds: float = 0.0) -> None:
        """Keep other processes from writing here until `release`, or until this one ends.

        Parameters
        ----------
        seconds
            How long to wait for another process to end.

        Raises
        ------
        FedrasError
            If another process has locked it.
        """
        try:
            import fcntl  # noqa: PLC0415 -- Windows has none, and its runs are not locked
        except ImportError:
            return
        try:
            folder = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise FedrasError(f"cannot open {self.path}: {error.strerror}") from None
        self._unlock = weakref.finalize(self, os.close, folder)
        try:
            while not _locked(folder) and seconds > 0:
                time.sleep(_PAUSE)
                seconds -= _PAUSE
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise FedrasError(
                f"another process is training in {self.path}; wait for it or choose another --out"
            ) from None
        except OSError:  # some network file systems have no locks
            self.release()

    def release(self) -> None:
        """Let other processes write here."""
        if self._unlock is not None:
            self._unlock()

    def has_run(self) -> bool:
        """Return whether the folder holds a run."""
        return (self.path / CONFIG).is_file()

    def config(self) -> Config:
        """Return the configuration of the run.

        Raises
        ------
        UsageError
            If the folder holds no run, or its configuration cannot be meant.
        FedrasError
            If it cannot be read.
        """
        path = self.path / CONFIG
        if not self.has_run():
            raise UsageError(f"{self.path} holds no run: there is no {path}")
        try:
            return make_config(read_config(path))
        except UsageError as error:
            raise UsageError(str(error) if CONFIG in str(error) else f"{path}: {error}") from None

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; on failure the one before stays.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        values = np.frombuffer(json.dumps(checkpoint.values).encode(), np.uint8)
        content: dict[str, Any] = {**checkpoint.arrays, _VALUES: values}
        with self._writing(CHECKPOINT) as file:
            np.savez(file, **content)

    def checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint, or None if there is none yet.

        Raises
        ------
        FedrasError
            If it is damaged or cannot be read.
        """
        path = self.path / CHECKPOINT
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
        return Checkpoint(arrays, values)

    def write_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Write one line per evaluated round.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        with self._writing(METRICS) as file:
            file.writelines(json.dumps(line).encode() + b"\n" for line in lines)

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write the summary of a finished run.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        with self._writing(SUMMARY) as file:
            file.write(json.dumps(summary, indent=2).encode() + b"\n")

    def summary(self) -> dict[str, Any] | None:
        """Return the summary, or None if the run is not finished.

        Raises
        ------
        FedrasError
            If it cannot be read.
        """
        path = self.path / SUMMARY
        try:
            summary: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FedrasError(f"cannot read {path}: {error.strerror}") from None
        except ValueError:
            raise FedrasError(f"{path} is damaged; delete it and resume the run") from None
        return summary

    @contextmanager
    def _writing(self, name: str) -> Iterator[BinaryIO]:
        """Open a file that replaces ``name`` if the block ends well, and is gone if it does not."""
        target, partial = self.path / name, self.path / f".{name}{_PARTIAL}"
        try:
            with partial.open("wb") as file:
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


def _locked(folder: int) -> bool:
    """Try to lock an open folder."""
    import fcntl  # noqa: PLC0415 -- Windows has none, and its runs are not locked

    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
