"""What crosses the wire: `Payload` and its bytes. Sizes anywhere are the length of these bytes."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from enum import IntEnum
from itertools import pairwise

import msgspec

from fedras.errors import PayloadError

VERSION = 3
_CHECKSUM_BYTES = 4
_ROOM, _ROOM_PER_ROW, _NUMBER = 4096, 16, 4
_MOST_PARTS = 64
_NAME_BYTES = 64
_MOST = 2**31 - 1
_OLD = b"\x96"  # what payloads of format 2 began with
_NAMED = 15
_CODECS = ("plain", "actions", "fixed-basis", "lowrank", "powersgd", "topk", "direction", "levels")
_NUMBERS = ("f32", "f16", "q8", "q8n", "q4", "q4n", "bit", "sign", "drive")
"""What has a code of four bits, which is its place from 1; others are written with their names."""


class Part(IntEnum):
    """What a part of a payload is: the split in which sizes are reported."""

    ROWS = 1
    """Which rows of the item matrix the update touches."""
    ASSIGNMENTS = 2
    """Which action each of these rows takes."""
    ACTIONS = 3
    """The shared row vectors, float32."""
    VALUES = 4
    """Vectors, factors or numbers of a row of its own."""


class Payload(msgspec.Struct, frozen=True):
    """A coded update of a matrix of ``shape`` (rows, columns).

    Bytes of format 3: four bits of the version and four of the codec; four bits that say which of
    the parts 1 to 4 there are, and four of the number format; the round; the lengths of all parts
    but the last; the parts; and a CRC-32, little endian, of the shape, as two little-endian
    integers of four bytes, and all that comes before. Codec and format are places in a table, or
    `_NAMED`, and then the name follows with its length. Where there are parts of other numbers the
    four bits are 0, and after the round comes how many parts there are, and their numbers.
    Integers are in groups of seven bits, least significant first, with a high bit where another
    follows (LEB128). There is one way to write a payload. The shape is not sent: both sides know
    it, and the checksum tells if they do not agree.

    Attributes
    ----------
    codec
        The registered name of the codec that decodes it.
    numbers
        The registered name of the format of its floats.
    round
        The round that the update belongs to, so that a late or replayed one is recognised.
    shape
        Rows and columns of the whole matrix.
    parts
        The bytes of each part by `Part` (a codec of another package may use numbers from 16).
    """

    codec: str
    numbers: str
    shape: tuple[int, int]
    parts: Mapping[int, bytes]
    round: int = 0

    def to_bytes(self) -> bytes:
        """Return the payload as bytes."""
        numbers = sorted(self.parts)
        codec, codec_name = _coded(self.codec, _CODECS)
        form, form_name = _coded(self.numbers, _NUMBERS)
        body = bytearray([VERSION << 4 | codec]) + codec_name
        body += bytes([_mask(numbers) << 4 | form]) + form_name + _integer(self.round)
        if not _mask(numbers):
            body += b"".join(map(_integer, [len(numbers), *numbers]))
        for number in numbers[:-1]:
            body += _integer(len(self.parts[number]))
        for number in numbers:
            body += self.parts[number]
        return bytes(body) + _checksum(body, self.shape)

    @classmethod
    def from_bytes(
        cls, data: bytes, shape: tuple[int, int], round_: int | None = None
    ) -> "Payload":
        """Parse what a peer sent.

        Nothing is allocated beyond a copy of the bytes, of which there may be no more than twice
        what plain rows take, and in one part no more than these: lengths are checked against
        ``shape`` before a codec may believe them.

        Parameters
        ----------
        data
            The bytes of `to_bytes`.
        shape
            The shape of the matrix that the receiver holds; a payload for another is refused.
        round_
            The round that the receiver expects; None accepts any.

        Raises
        ------
        PayloadError
            For bytes that are too many or damaged, of another version, matrix or round.
        """
        rows, columns = shape
        if len(data) > _ROOM + rows * (_ROOM_PER_ROW + 2 * _NUMBER * columns):
            raise PayloadError(
                f"{len(data)} bytes are too many for a matrix of {tuple(shape)}", "size"
            )
        body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
        if _checksum(body, shape) != checksum:
            if data[:1] == _OLD:
                raise PayloadError("payload of format 2; install the same fedras on both sides")
            raise PayloadError(
                f"checksum of {len(data)} bytes does not match: damaged payload, or one for "
                f"another matrix than of {tuple(shape)}"
            )
        payload = _parsed(body, shape, _ROOM + rows * (_ROOM_PER_ROW + _NUMBER * columns))
        if round_ is not None and payload.round != round_:
            raise PayloadError(
                f"payload of round {payload.round}, expected round {round_}", "round"
            )
        return payload

    def of_round(self, round_: int) -> "Payload":
        """Return the payload marked as belonging to a round."""
        return msgspec.structs.replace(self, round=round_)

    def part(self, part: Part) -> bytes:
        """Return the bytes of ``part``; PayloadError where the payload has none."""
        try:
            return self.parts[part]
        except KeyError:
            raise PayloadError(f"payload of codec {self.codec!r} lacks its {part.name}") from None


def _checksum(body: bytes | bytearray, shape: tuple[int, int]) -> bytes:
    start = zlib.crc32(struct.pack("<II", *shape))
    return zlib.crc32(body, start).to_bytes(_CHECKSUM_BYTES, "little")


def _coded(name: str, known: tuple[str, ...]) -> tuple[int, bytes]:
    """Return the code of a name, and what follows where it has none."""
    if name in known:
        return known.index(name) + 1, b""
    data = name.encode()
    return _NAMED, bytes([len(data)]) + data


def _mask(numbers: Sequence[int]) -> int:
    """Return four bits for the parts 1 to 4; 0 where there are none or others."""
    return sum(1 << number - 1 for number in numbers) if {*numbers} <= {*Part} else 0


def _integer(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def _parsed(body: bytes, shape: tuple[int, int], most: int) -> Payload:
    """Return what `Payload.to_bytes` wrote, with no part longer than ``most``."""
    if not body or body[0] >> 4 != VERSION:
        raise _no_payload("it begins otherwise")
    reader = _Reader(body)
    codec = reader.name(reader.take(1)[0] & 15, _CODECS)
    head = reader.take(1)[0]
    numbers, round_ = reader.name(head & 15, _NUMBERS), reader.integer()
    named = reader.named(head >> 4)
    lengths = [reader.integer() for _ in named[:-1]]
    if named:
        lengths.append(reader.left - sum(lengths))
    if max(lengths, default=0) > most:
        raise PayloadError(f"a part of more than {most} bytes", "size")
    parts = {number: reader.take(length) for number, length in zip(named, lengths, strict=True)}
    if reader.left:
        raise _no_payload(f"{reader.left} bytes too many")
    return Payload(codec, numbers, (shape[0], shape[1]), parts, round_)


def _no_payload(what: str) -> PayloadError:
    return PayloadError(f"not a payload of format {VERSION}: {what}")


class _Reader:
    """Reads from the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise _no_payload("it ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def integer(self) -> int:
        """Return an integer below 2^31, written in as few bytes as it takes."""
        value = shift = 0
        while True:
            octet = self.take(1)[0]
            value |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                break
            if shift > 28:
                raise _no_payload("a number is too large")
        if value > _MOST or (octet == 0 and shift > 7):
            raise _no_payload("a number is too large, or longer than it need be")
        return value

    def name(self, code: int, known: tuple[str, ...]) -> str:
        if code != _NAMED:
            if not 1 <= code <= len(known):
                raise _no_payload(f"{code} stands for no codec or number format")
            return known[code - 1]
        length = self.take(1)[0]
        if length > _NAME_BYTES:
            raise _no_payload(f"a name of more than {_NAME_BYTES} bytes")
        try:
            name = self.take(length).decode()
        except UnicodeDecodeError:
            raise _no_payload("a name that is not UTF-8") from None
        if name in known:
            raise _no_payload(f"{name} is written as a name and has a code")
        return name

    def named(self, mask: int) -> list[int]:
        """Return the numbers of the parts."""
        if mask:
            return [number for number in range(1, 5) if mask >> number - 1 & 1]
        count = self.integer()
        if count > _MOST_PARTS:
            raise _no_payload(f"more than {_MOST_PARTS} parts")
        numbers = [self.integer() for _ in range(count)]
        rising = all(a < b for a, b in pairwise([-1, *numbers]))
        if not rising or _mask(numbers):
            raise _no_payload("its parts are not in order")
        return numbers
