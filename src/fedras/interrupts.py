"""Signals that wait: a round is done or not done, never half done. The end of processes."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = 130
"""The exit status after Ctrl-C."""


@contextmanager
def deferred() -> Iterator[None]:
    """Let Ctrl-C, and SIGTERM if somebody handles it, wait until the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handled = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handled:
        signal.signal(number, lambda number, _: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
    if arrived:
        signal.raise_signal(arrived[0])


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM stop the block as Ctrl-C does."""
    with _handling(signal.SIGTERM, signal.default_int_handler):
        yield


@contextmanager
def stoppable_imports() -> Iterator[None]:
    """Let Ctrl-C during an import end the process at once; elsewhere it interrupts as ever.

    What is raised within an import can get lost or come out as another error, with a traceback.
    """
    if callable(signal.getsignal(signal.SIGINT)):
        with _handling(signal.SIGINT, _stop):
            yield
    else:  # a shell ignores Ctrl-C for its background jobs
        yield


@contextmanager
def blocked() -> Iterator[None]:
    """Let Ctrl-C wait for the block, and never reach a process that is started in it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ended."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    import multiprocessing  # noqa: PLC0415 -- a command that starts no process needs neither
    from multiprocessing import connection  # noqa: PLC0415

    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _stop(number: int, frame: FrameType | None) -> None:
    here = frame
    while here is not None:
        if "importlib._bootstrap" in here.f_code.co_filename:
            os.write(2, b"fedras: stopped\n")
            os._exit(STOPPED)
        here = here.f_back
    signal.default_int_handler(number, frame)


@contextmanager
def _handling(number: signal.Signals, handler: "signal._HANDLER") -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
