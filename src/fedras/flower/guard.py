"""Ends all processes of a federation when the process that started them is gone, for any reason.

Run as ``python -m fedras.flower.guard MARK SCRATCH`` with a pipe from that process as standard
input. When the pipe closes, be it by ``kill -9``, every process whose environment holds the mark
is stopped, and killed if it does not stop. Nothing else can hold the mark: it is a random number.
Then the folder SCRATCH is removed, with the keys in it.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

VARIABLE = "FEDRAS_FEDERATION"
_GRACE = 3.0  # seconds


def main() -> None:
    """Wait for the pipe to close, then end what is marked."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = {int(line) for line in sys.stdin}
    end(sys.argv[1], groups)
    shutil.rmtree(sys.argv[2], ignore_errors=True)


def end(mark: str, groups: set[int]) -> None:
    """End the processes with a mark and these process groups; return when there are none."""
    give_up = time.monotonic() + _GRACE
    number = signal.SIGTERM
    told: set[int] = set()
    while alive := set(marked(mark)) | {-group for group in groups if _exists(-group)}:
        if time.monotonic() > give_up:
            number, told = signal.SIGKILL, set()
        for target in alive - told:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(target, number)
        told |= alive
        time.sleep(0.05)


def marked(mark: str) -> Iterator[int]:
    """Yield the processes whose environment holds a mark."""
    wanted = f"{VARIABLE}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def _exists(target: int) -> bool:
    try:
        os.kill(target, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
