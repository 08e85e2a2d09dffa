"""What crosses the wire: `Payload` and its bytes. Sizes anywhere are the length of these bytes."""

import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated

import msgspec

from fedras.errors import PayloadError

VERSION = 2
_CHECKSUM_BYTES = 4
_ROOM, _ROOM_PER_ROW, _NUMBER = 4096, 16, 4
_MOST_PARTS = 64
_NAME_BYTES = 64


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


_Size = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Payload(
    msgspec.Struct, frozen=True, array_like=True, tag=VERSION, forbid_unknown_fields=True
):
    """A coded update of a matrix of ``shape`` (rows, columns).

    Bytes: a MessagePack array of the format's version and the fields in this order, then its
    CRC-32, little endian.

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
    shape: tuple[_Size, _Size]
    parts: Mapping[int, bytes]
    round: _Size = 0

    def to_bytes(self) -> bytes:
        """Return the payload as bytes."""
        body = _encoder.encode(self)
        return body + zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little")

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
        body, checksum = memoryview(data)[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
        if zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
            raise PayloadError(f"checksum of {len(data)} bytes does not match: damaged payload")
        try:
            frame = _decoder.decode(body)
            names = _name(frame.codec), _name(frame.numbers)
            most = _ROOM + rows * (_ROOM_PER_ROW + _NUMBER * columns)
            parts = {number: _bytes(raw, most) for number, raw in frame.parts.items()}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PayloadError(f"not a payload of format {VERSION}: {error}") from None
        payload = cls(*names, frame.shape, parts, frame.round)
        if payload.shape != tuple(shape):
            raise PayloadError(
                f"payload for a matrix of {payload.shape}, expected {tuple(shape)}", "shape"
            )
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


class _Frame(msgspec.Struct, frozen=True, array_like=True, tag=VERSION, forbid_unknown_fields=True):
    """A payload whose names and parts are not copied yet; text takes seven times its bytes."""

    codec: msgspec.Raw
    numbers: msgspec.Raw
    shape: tuple[_Size, _Size]
    parts: Annotated[dict[int, msgspec.Raw], msgspec.Meta(max_length=_MOST_PARTS)]
    round: _Size = 0


def _name(raw: msgspec.Raw) -> str:
    if len(memoryview(raw)) > _NAME_BYTES:
        raise msgspec.ValidationError(f"a name of more than {_NAME_BYTES} bytes")
    return msgspec.msgpack.decode(raw, type=str)


def _bytes(raw: msgspec.Raw, most: int) -> bytes:
    if len(memoryview(raw)) > most:
        raise msgspec.ValidationError(f"a part of more than {most} bytes")
    return msgspec.msgpack.decode(raw, type=bytes)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Frame)
