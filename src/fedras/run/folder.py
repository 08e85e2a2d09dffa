"""The folder of a run. Each file in it is whole at any time, whatever kills the process."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from fedras.components import make_config
from fedras.config import Config, read_config
from fedras.errors import FedrasError, UsageError
from fedras.federation.state import State
from fedras.run.checkpoint import CHECKPOINT, read_checkpoint, write_checkpoint
from fedras.whole_files import FolderLock, make_folder, names_in, next_folder, write

CONFIG = "config.toml"
METRICS = "metrics.jsonl"
SUMMARY = "summary.json"
AUDIT = "audit.json"


class RunFolder:
    """The folder that keeps a run: its configuration, checkpoint, metrics and summary.

    The checkpoint alone says how far the run is; the metrics are written from it.

    Parameters
    ----------
    path
        The folder; it need not exist yet.
    numbered
        Whether `create` shall take the first of ``path-1``, ``path-2`` ... that there is not yet.
    """

    def __init__(self, path: str | Path, numbered: bool = False) -> None:
        self.path, self._numbered = Path(path), numbered
        self._made = False
        self._lock = FolderLock(self.path)

    def require_new(self) -> None:
        """Check that a new run may start here: also where one never did a round.

        Raises
        ------
        UsageError
            If there is something already.
        FedrasError
            If the folder cannot be read.
        """
        if self._numbered:
            return
        left = names_in(self.path)
        if left and not (left == [CONFIG] and self._is_ours()):
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
        new = self._numbered or not self.path.exists()
        if self._numbered:
            self._claim()
        make_folder(self.path)
        try:
            self.lock()
            self.require_new()
            self.write_config(config)
        except BaseException:
            self.release()
            if new:
                with suppress(OSError):
                    self.path.rmdir()
            raise
        self._made = True

    def withdraw(self) -> None:
        """Undo `create`, if the run never did a round; what else is in the folder stays."""
        if self._made and not self.has_begun():
            with suppress(OSError):
                (self.path / CONFIG).unlink()
                self.path.rmdir()

    def _claim(self) -> None:
        """Make the next folder, which no other process gets."""
        self.path, self._numbered = next_folder(self.path), False
        self._lock = FolderLock(self.path)

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
        if not self._lock.acquire(seconds):
            raise FedrasError(
                f"another process is training in {self.path}; wait for it or choose another --out"
            )

    def release(self) -> None:
        """Let other processes write here."""
        self._lock.release()

    def has_run(self) -> bool:
        """Return whether the folder holds a run."""
        return not self._numbered and (self.path / CONFIG).is_file()

    def has_begun(self) -> bool:
        """Return whether the folder holds a run that has a checkpoint."""
        return self.has_run() and (self.path / CHECKPOINT).exists()

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

    def write_config(self, config: Config) -> None:
        """Write the configuration, completed.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        write(self.path / CONFIG, config.to_toml().encode())

    def _is_ours(self) -> bool:
        """Return whether the configuration is one that a run wrote, and nobody by hand."""
        try:
            return self.config().to_toml() == (self.path / CONFIG).read_text("utf-8")
        except (FedrasError, OSError, ValueError):
            return False

    def save(self, state: State) -> None:
        """Replace the checkpoint; see `write_checkpoint`."""
        write_checkpoint(self.path, state)

    def checkpoint(self) -> State | None:
        """Return the checkpoint; see `read_checkpoint`."""
        return read_checkpoint(self.path)

    def write_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Write one line per evaluated round.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        write(self.path / METRICS, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def metrics(self) -> list[dict[str, Any]]:
        """Return what was written of each evaluated round; nothing if none was.

        Raises
        ------
        FedrasError
            If it cannot be read.
        """
        path = self.path / METRICS
        try:
            return [json.loads(line) for line in path.read_bytes().splitlines()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FedrasError(f"cannot read {path}: {error.strerror}") from None
        except ValueError:
            raise FedrasError(f"{path} is damaged; delete it and resume the run") from None

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Write the summary of a finished run.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        self._write_object(SUMMARY, summary)

    def summary(self) -> dict[str, Any] | None:
        """Return the summary, or None if the run is not finished.

        Raises
        ------
        FedrasError
            If it cannot be read.
        """
        return self._object(SUMMARY)

    def write_audit(self, audit: dict[str, Any]) -> None:
        """Write what an audit of the run found.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        self._write_object(AUDIT, audit)

    def audit(self) -> dict[str, Any] | None:
        """Return what an audit found, or None if there was none.

        Raises
        ------
        FedrasError
            If it cannot be read.
        """
        return self._object(AUDIT)

    def _write_object(self, name: str, value: dict[str, Any]) -> None:
        write(self.path / name, json.dumps(value, indent=2).encode() + b"\n")

    def _object(self, name: str) -> dict[str, Any] | None:
        path = self.path / name
        try:
            found: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FedrasError(f"cannot read {path}: {error.strerror}") from None
        except ValueError:
            raise FedrasError(f"{path} is damaged; delete it and resume the run") from None
        return found
