"""Processes that end with this one, whatever ends it."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from fedras.flower import guard

_CLEAN_UP = 30.0  # seconds


class Processes:
    """Starts processes, each with a log file; leaving the block ends them and all their children.

    A guard, a process of its own, does the ending, so that it happens even after ``kill -9``.

    Parameters
    ----------
    logs
        Folder of the log files.
    environment
        Added to this process's.

    Attributes
    ----------
    mark
        What all their environments hold (`guard`).
    scratch
        A folder for them that only its owner may enter; the guard removes it in the end.
    """

    def __init__(self, logs: Path, environment: dict[str, str]) -> None:
        self.logs = logs
        self.scratch = Path(tempfile.mkdtemp(prefix="fedras-"))
        self.mark = mark = secrets.token_hex(16)
        own = str(Path(sys.executable).parent)
        path = os.pathsep.join((own, os.environ.get("PATH", "")))
        self._environment = {**os.environ, **environment, "PATH": path, guard.VARIABLE: mark}
        self._started: list[subprocess.Popen[bytes]] = []
        command = [sys.executable, "-m", guard.__name__, mark, str(self.scratch)]
        self._guard = subprocess.Popen(
            command, stdin=subprocess.PIPE, start_new_session=True, text=True
        )

    def start(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command whose output goes to ``NAME.log``."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment | (environment or {}),
                start_new_session=True,
            )
        self._started.append(process)
        if self._guard.stdin is not None:
            print(process.pid, file=self._guard.stdin, flush=True)
        return process

    def running(self, program: str) -> list[int]:
        """Return the processes of a program that were started here or by what was started here."""
        found = []
        for process in guard.marked(self._environment[guard.VARIABLE]):
            with suppress(OSError):
                words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                if any(word.endswith(f"/{program}".encode()) for word in words[:2]):
                    found.append(process)
        return found

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._guard.stdin is not None:
            with suppress(BrokenPipeError):
                self._guard.stdin.close()
        give_up = time.monotonic() + _CLEAN_UP
        while self._guard.poll() is None and time.monotonic() < give_up:
            for process in self._started:
                process.poll()  # or it stays, as a zombie, for the guard to wait for
            time.sleep(0.02)
        for process in self._started:
            process.poll()
