"""Files as people have them: opened without waiting, unpacked within bounds, text as UTF-8."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from fedras.errors import DataError

_FREE = 256 << 20  # bytes that any packed file may hold
_RATIO = 200  # and beyond, how many times its own size
_DAMAGE = (EOFError, OSError, RuntimeError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)
_BLOCK = 1 << 20
_START, _LINES = 1 << 18, 10  # bytes and lines that show how a text is written
_LONGEST = 1 << 24  # bytes of a line
_FOREIGN = {
    b"SQLite format": "a SQLite database; as the data of a node give sqlite:///FILE and a table",
    b"\x89HDF": "an HDF5 file; save the table as CSV or Parquet",
    b"\x93NUMPY": "a NumPy array; save the table as CSV or Parquet",
    b"\x80\x04": "a pickle, which can run code; save the table as CSV or Parquet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet; save it as CSV",
    b"%PDF": "a PDF; expected a table",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard; unpack it, or pack it with gzip",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it and give the file in it",
    b"\x1f\x8b": "packed twice; unpack it once",
    b"\xff\xfe\0\0": "UTF-32 text; save it as UTF-8",
    b"\0\0\xfe\xff": "UTF-32 text; save it as UTF-8",
}
_MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)


def require_file(path: Path) -> None:
    """Check that ``path`` is a file that can be read without waiting for somebody to write it.

    Raises
    ------
    DataError
        If it is missing, a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise DataError(
            f"{path}: there is no such file; check the path (a run finds its "
            f"data again with --dataset NEWPATH)"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: cannot be read ({reason})") from None
    if stat.S_ISDIR(mode):
        inside = sorted(p.name for p in path.iterdir() if p.is_file())[:5]
        those = f" in it, such as {', '.join(inside)}" if inside else ""
        raise DataError(f"{path}: is a folder; give the path of a file{those}")
    if not stat.S_ISREG(mode):
        raise DataError(f"{path}: is a pipe or a device, not a file; save the data to a file first")


def unpacked(path: Path) -> BinaryIO:
    """Open a file, plain or packed with gzip, bzip2, xz or as the one member of a ZIP archive.

    What it is packed with shows in its first bytes, whatever its name. Reading raises `DataError`
    when the content is damaged or expands to more than 200 times the file (and 256 MiB).

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    require_file(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        start = file.read(6)
        file.seek(0)
        if start[:2] == b"\x1f\x8b":
            return _bounded(gzip.GzipFile(fileobj=file), path, file)
        if start[:3] == b"BZh":
            return _bounded(bz2.BZ2File(file), path, file)
        if start == b"\xfd7zXZ\x00":
            return _bounded(lzma.LZMAFile(file), path, file)
        if start[:4] == b"PK\x03\x04":
            return _bounded(_only_member(zipfile.ZipFile(file), path), path, file)
    except BaseException as error:
        file.close()
        if isinstance(error, _DAMAGE):
            raise DataError(f"{path}: is damaged ({str(error)[:100]}); get it anew") from None
        raise
    return file


def text(path: Path) -> BinaryIO:
    """Open a text file as UTF-8 without a mark at its start; UTF-16 is known by its mark.

    Raises
    ------
    DataError
        If it cannot be opened or is no text.
    """
    file = io.BufferedReader(cast(io.RawIOBase, unpacked(path)), _BLOCK)
    try:
        return _as_utf8(file, path)
    except BaseException:
        file.close()
        raise


def beginning(path: Path) -> tuple[bytes, bool]:
    """Return the start of a text, some lines at least, and whether there is more.

    Raises
    ------
    DataError
        If it cannot be read, or its first lines are longer than any row.
    """
    with text(path) as file:
        start = file.read(_START)
        while start.count(b"\n") < _LINES and len(start) < _LONGEST and (more := file.read(_BLOCK)):
            start += more
        more = file.read(1)
    if more and (lines := start.count(b"\n")) < 2 and start.lstrip()[:1] != b"[":
        raise DataError(
            f"{path}:{lines + 1}: the line has more than {_LONGEST >> 20} MiB; is it a row?"
        )
    return start, bool(more)


def _as_utf8(file: "io.BufferedReader[Any]", path: Path) -> BinaryIO:
    start = file.peek(512)[:512]
    for mark, what in _FOREIGN.items():
        if start.startswith(mark):
            raise DataError(f"{path}: is {what}")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return io.BufferedReader(_Utf8(file, path), _BLOCK)
    if _MARKUP.match(start):
        raise DataError(f"{path}: is a web page or XML; expected a table")
    if start[257:262] == b"ustar":
        raise DataError(f"{path}: is a tar archive; unpack it and give the file in it")
    if b"\0" in start and start.strip(b"\0").isascii() and 2 * start.count(b"\0") >= len(start) - 1:
        raise DataError(f"{path}: is UTF-16 text without a mark; save it as UTF-8")
    if b"\0" in start:
        raise DataError(f"{path}: is a binary file; expected text, JSON lines, Parquet or Arrow")
    if start.startswith(codecs.BOM_UTF8):
        file.read(len(codecs.BOM_UTF8))
    return file


def _only_member(archive: zipfile.ZipFile, path: Path) -> BinaryIO:
    files = [each for each in archive.infolist() if not each.is_dir()]
    names = [each.filename for each in files]
    if "[Content_Types].xml" in names:
        raise DataError(f"{path}: is a spreadsheet; save it as CSV")
    if any(each.flag_bits & 1 for each in files):
        raise DataError(f"{path}: is encrypted; unpack it and give the file")
    own = [n for n in names if not n.startswith("__MACOSX/") and not Path(n).name.startswith(".")]
    if len(own) != 1:
        some = ", ".join(own[:5]) or "none"
        raise DataError(
            f"{path}: holds {len(own)} files instead of one ({some}); unpack it and give the file"
        )
    return cast(BinaryIO, archive.open(own[0]))


def _bounded(stream: object, path: Path, file: BinaryIO) -> BinaryIO:
    return io.BufferedReader(_Bounded(cast(BinaryIO, stream), path, file), _BLOCK)


class _Bounded(io.RawIOBase):
    """Unpacks ``stream``, and stops where nobody's table would go on."""

    def __init__(self, stream: BinaryIO, path: Path, file: BinaryIO) -> None:
        self._stream, self._path, self._file = stream, path, file
        self._left = max(_FREE, _RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            content = self._stream.read(len(buffer))
        except _DAMAGE as error:
            raise DataError(f"{self._path}: is damaged ({str(error)[:100]}); get it anew") from None
        self._left -= len(content)
        if self._left < 0:
            raise DataError(
                f"{self._path}: expands to more than {_RATIO} times its size; unpack it yourself "
                f"if that is meant"
            )
        buffer[: len(content)] = content
        return len(content)


class _Utf8(io.RawIOBase):
    """Recodes UTF-16 as UTF-8."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path = stream, path
        self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            content = self._stream.read(_BLOCK)
            try:
                self._ready = self._decoder.decode(content, final=not content).encode()
            except UnicodeError:
                raise DataError(f"{self._path}: is not whole UTF-16 text; get it anew") from None
            if not content:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count
