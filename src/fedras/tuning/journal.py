"""The journal of a tuning: every trial of Optuna as lines of JSON."""

import json
import os
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from fedras.errors import FedrasError


class Journal(BaseJournalBackend):
    """A journal in the form of Optuna's `JournalFileBackend`, in a folder that is ours alone.

    So it needs no lock of its own, which a killed process would leave. What such a process left of
    a line is dropped.

    Parameters
    ----------
    path
        The file, made for its owner only (mode 0600) if it is not there.

    Raises
    ------
    FedrasError
        If it cannot be read or written.
    ValueError
        If it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:
                os.truncate(path, len(whole))
            self._logs = [json.loads(line) for line in whole.splitlines()]
        except OSError as error:
            raise FedrasError(f"cannot read {path}: {error.strerror}") from None

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Return all entries from this one on."""
        return self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Bring entries to the disk.

        Raises
        ------
        FedrasError
            If that is not possible.
        """
        lines = [json.dumps(log, separators=(",", ":")) for log in logs]
        try:
            with self._path.open("ab") as file:
                file.write("".join(f"{line}\n" for line in lines).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FedrasError(f"cannot write {self._path}: {error.strerror}") from None
        self._logs += map(json.loads, lines)
