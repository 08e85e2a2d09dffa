"""Files that are whole or not there at all, whatever stops the writing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fedras.errors import FedrasError


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Give the path to write to; it takes the place of ``target`` when the block ends well.

    If the block fails, what it wrote is gone and ``target`` is as before.

    Raises
    ------
    FedrasError
        If it cannot be written.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise FedrasError(f"cannot write {target}: {error.strerror or error}") from None
        raise
