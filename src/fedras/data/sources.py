"""Where a data set's files come from: a local folder, the cache, the publisher, a mirror."""

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

from fedras.errors import DataError

_PATIENCE = 1800.0  # seconds that a download may take
_LARGEST = 1 << 30  # bytes of an unpacked file
Place = Literal["local", "cached"]
Way = tuple[str, Callable[[Path], None]]
"""A way to get files: what to call it, and a function that writes the files into a folder."""


@dataclass(frozen=True)
class Counts:
    """How much a data set contains once it is loaded."""

    users: int
    items: int
    interactions: int


@dataclass(frozen=True)
class Published:
    """A data set as its publisher offers it.

    Attributes
    ----------
    folder
        The name of its folder in a data directory and in the cache.
    files
        The files that are read. The first one holds the interactions and is indispensable; the
        others make the output nicer.
    url
        The publisher's ZIP archive.
    counts
        What a complete copy gives.
    archive_checksum, checksum
        ``"algorithm:hex"`` of the archive and of the first file, where the publisher states it.
    lines
        How many lines the first file has, where the publisher states that instead.
    mirrors
        Other ways to get the files, tried in this order.
    """

    folder: str
    files: tuple[str, ...]
    url: str
    counts: Counts
    archive_checksum: str | None = None
    checksum: str | None = None
    lines: int | None = None
    mirrors: tuple[Way, ...] = ()

    def state(self, folder: Path) -> Literal["identical", "differs", "unknown"]:
        """Compare the first file in ``folder`` with the published checksum."""
        if self.checksum is None:
            return "unknown"
        algorithm, _, expected = self.checksum.partition(":")
        with (folder / self.files[0]).open("rb") as file:
            same = hashlib.file_digest(file, algorithm).hexdigest() == expected
        return "identical" if same else "differs"


class Sources:
    """Finds data sets on this machine and fetches those that are missing.

    Parameters
    ----------
    data_dir
        A folder with one sub-folder per data set; by default the environment variable
        ``FEDRAS_DATA``. It is only read. Fetched files go to the cache: ``FEDRAS_CACHE``, or the
        usual place of the operating system.
    """

    def __init__(self, data_dir: str | Path | None = None) -> None:
        given = data_dir or os.environ.get("FEDRAS_DATA")
        self.data_dir = Path(given).expanduser() if given else None

    @property
    def cache(self) -> Path:
        """The folder of fetched files."""
        given = os.environ.get("FEDRAS_CACHE")
        if given:
            return Path(given).expanduser()
        import pooch  # noqa: PLC0415 -- only needed here, and slow to import

        return Path(pooch.os_cache("fedras"))

    def locate(self, published: Published) -> tuple[Path, Place] | None:
        """Return the folder that has the data set and which kind it is, or None."""
        essential = Path(published.folder, published.files[0])
        if self.data_dir and (self.data_dir / essential).is_file():
            return self.data_dir / published.folder, "local"
        if (self.cache / essential).is_file():
            return self.cache / published.folder, "cached"
        return None

    def folder(self, published: Published) -> Path:
        """Return the folder that has the data set; fetch it into the cache if there is none.

        Raises
        ------
        DataError
            If every source fails; the message gives each one's reason.
        """
        located = self.locate(published)
        return located[0] if located else self.fetch(published)

    def fetch(self, published: Published) -> Path:
        """Fetch the data set into the cache, even if it is there, and return its folder.

        Files appear under their names only when they are complete and verified.

        Raises
        ------
        DataError
            If every source fails; the message gives each one's reason.
        """
        reasons = [self._not_local(published)]
        publisher: Way = (published.url, partial(_download, published))
        for name, get in (publisher, *published.mirrors):
            with self._temporary() as temporary:
                try:
                    get(Path(temporary))
                    return self._install(published, Path(temporary))
                except (OSError, ValueError, KeyError, DataError, zipfile.BadZipFile) as error:
                    reasons.append(f"{name} ({_reason(error)})")
        raise DataError(
            f"cannot get the data set {published.folder}: {'; '.join(reasons)}; "
            f"put {published.files[0]} into DIR/{published.folder}/ and give --data-dir DIR "
            f"or set FEDRAS_DATA=DIR"
        )

    def _not_local(self, published: Published) -> str:
        if self.data_dir is None:
            return "no local data folder is given"
        return f"{self.data_dir / published.folder} (no {published.files[0]})"

    def _temporary(self) -> tempfile.TemporaryDirectory[str]:
        """Make a folder next to the final one, so that moving a file is one atomic step."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            return tempfile.TemporaryDirectory(prefix=".fetch-", dir=self.cache)
        except OSError as error:
            raise DataError(
                f"{self.cache}: cannot write to the cache ({error.strerror}); "
                f"set FEDRAS_CACHE to a folder that can be written"
            ) from error

    def _install(self, published: Published, temporary: Path) -> Path:
        if not (temporary / published.files[0]).is_file():
            raise DataError(f"it has no {published.files[0]}")
        if published.state(temporary) == "differs":
            raise DataError(f"its {published.files[0]} does not have the published checksum")
        if published.lines is not None:
            with (temporary / published.files[0]).open("rb") as file:
                found = sum(1 for _ in file)
            if found != published.lines:
                raise DataError(
                    f"its {published.files[0]} has {found} lines instead of {published.lines}"
                )
        target = self.cache / published.folder
        target.mkdir(exist_ok=True)
        for name in reversed(published.files):  # the indispensable one last: it marks completeness
            if (temporary / name).is_file():
                (temporary / name).replace(target / name)
        return target


def _download(published: Published, folder: Path) -> None:
    """Download the archive within a time limit and unpack the files that are read."""
    found: list[str | Exception] = []

    def work() -> None:
        try:
            found.append(_retrieved(published, folder))
        except Exception as error:
            found.append(error)

    # Timeouts of sockets start anew with each byte; this one is for the whole.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if not found:
        raise DataError(f"it took longer than {_PATIENCE} s")
    outcome = found.pop()
    try:
        if isinstance(outcome, Exception):
            raise outcome
        _unpack(Path(outcome), published, folder)
    finally:
        del outcome  # its traceback holds this frame, and sockets


def _retrieved(published: Published, folder: Path) -> str:
    """Download the archive and return where it is."""
    import pooch  # noqa: PLC0415 -- slow to import, and rarely needed

    pooch.get_logger().setLevel("CRITICAL")
    try:
        archive: str = pooch.retrieve(
            published.url,
            known_hash=published.archive_checksum,
            fname="archive.zip",
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=(10, 30)),
        )
    except ValueError:
        raise DataError("the archive does not have the published checksum") from None
    return archive


def _unpack(archive: Path, published: Published, folder: Path) -> None:
    """Write the archive's files that are read into ``folder``, each no larger than it may be."""
    with zipfile.ZipFile(archive) as members:
        for member in members.infolist():
            name = PurePosixPath(member.filename).name
            if name not in published.files or member.is_dir():
                continue
            if member.file_size > _LARGEST:
                raise DataError(f"its {name} expands to {member.file_size:,} bytes")
            with members.open(member) as packed, (folder / name).open("wb") as file:
                shutil.copyfileobj(packed, file)


def _reason(error: Exception) -> str:
    """Say in a few words what went wrong; network libraries print whole chains of causes."""
    lines = str(error).splitlines()
    short = len(lines) == 1 and len(lines[0]) <= 120
    return lines[0] if short else type(error).__name__
