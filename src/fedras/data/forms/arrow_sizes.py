"""How much an Arrow stream holds once it is unpacked, before anything of it is.

Messages are FlatBuffers [1]_ whose tables are those of Arrow's ``Message.fbs`` [2]_; a compressed
buffer begins with its length before compression.

References
----------
.. [1] FlatBuffers, binary format. https://flatbuffers.dev/internals/
.. [2] Apache Arrow, columnar format, "IPC". https://arrow.apache.org/docs/format/Columnar.html
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

_HEADER, _DICTIONARY = 2, 1  # fields of the table Message, and of DictionaryBatch
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3  # of RecordBatch
_RAW = -1  # the length of a buffer that is not compressed after all


class Sizes(NamedTuple):
    """How many rows a stream has, and how many bytes all of its buffers will take."""

    rows: int
    bytes: int


def stream_sizes(stream: Any) -> Sizes:
    """Return what a stream says of itself.

    Parameters
    ----------
    stream
        An Arrow buffer.

    Raises
    ------
    ValueError
        If it contradicts itself.
    pyarrow.ArrowException
        If it is no stream.
    """
    from pyarrow import ipc  # noqa: PLC0415 -- slow to import

    rows, total = 0, 0
    messages = ipc.MessageReader.open_stream(stream)
    try:
        while True:
            message = messages.read_next_message()
            if message.type not in {"record batch", "dictionary"}:
                continue
            batch = _batch(memoryview(message.metadata), message.type == "dictionary")
            if message.type == "record batch":
                rows += batch.length
            total += sum(batch.sizes(memoryview(message.body)))
    except StopIteration:
        return Sizes(rows, total)
    except (struct.error, IndexError):
        raise ValueError("its messages contradict themselves") from None


class _Batch(NamedTuple):
    length: int
    buffers: list[tuple[int, int]]  # offset and length
    compressed: bool

    def sizes(self, body: memoryview) -> Iterator[int]:
        for offset, length in self.buffers:
            said = _number(body, "<q", offset) if self.compressed and length else _RAW
            if said < _RAW or length < 0:
                raise ValueError("a buffer has a negative length")
            yield length if said == _RAW else said


def _batch(data: memoryview, is_dictionary: bool) -> _Batch:
    """Read the table of a record batch out of a message."""
    batch = _child(data, _root(data), _HEADER)
    if is_dictionary:
        batch = _child(data, batch, _DICTIONARY)
    at = _field(data, batch, _LENGTH)
    length = _number(data, "<q", at) if at else 0
    if length < 0:
        raise ValueError("a batch has a negative number of rows")
    buffers, at = [], _field(data, batch, _BUFFERS)
    if at:
        start = at + _number(data, "<I", at)
        count = _number(data, "<I", start)
        buffers = [struct.unpack_from("<qq", data, start + 4 + 16 * n) for n in range(count)]
    return _Batch(length, buffers, bool(_field(data, batch, _COMPRESSION)))


def _root(data: memoryview) -> int:
    return _number(data, "<I", 0)


def _child(data: memoryview, table: int, field: int) -> int:
    """Return where the table in a field of a table begins."""
    at = _field(data, table, field)
    if not at:
        raise ValueError("a message lacks its content")
    return at + _number(data, "<I", at)


def _field(data: memoryview, table: int, field: int) -> int:
    """Return where a field of a table is, 0 if it has none."""
    known = table - _number(data, "<i", table)
    place = 4 + 2 * field
    if place >= _number(data, "<H", known):
        return 0
    offset = _number(data, "<H", known + place)
    return table + offset if offset else 0


def _number(data: memoryview, form: str, at: int) -> int:
    if at < 0:
        raise ValueError("a message points before its start")
    (value,) = struct.unpack_from(form, data, at)
    return int(value)
