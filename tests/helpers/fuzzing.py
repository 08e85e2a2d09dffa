"""Bytes as a hostile peer might send them, and what decoding them may do."""

import struct
import zlib
from collections.abc import Iterator

import msgspec
import numpy as np

from fedras.codecs import CODECS, Payload
from fedras.codecs.codec import decode
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS
from helpers.codec_samples import COLUMNS, make, update

SIZE = 200
SHAPE = (SIZE, COLUMNS)
ALLOWED = 300_000
"""Bytes that decoding may take at a time: the 4 kB of such a matrix, read as numbers of one bit."""

_KEY = np.uint64(4)
_BYTES = bytes.fromhex("00 01 04 7f 80 90 c0 c4 ca ce d9 dc dd df e0 ff")
_HEAD = 12  # bytes of a frame before its parts, and some more
_FIELDS = [
    *(b"", b"\0", b"\x0f", b"\x1f", b"\x2f", b"\x30", b"\x3f", b"\x96", b"\xf1", b"\xff" * 9),
    *(b"\x80\0", b"\x80\x80\x01", b"\xff\xff\xff\xff\x07", b"\x80\x80\x80\x80\x08", b"\0\x40"),
    *(
        b"\x05plain",
        b"\x03f32",
        b"\x07no\nbody",
        b"\x41" + b"x" * 65,
        b"\x03\xff\xfe\xff",
        b"\0\x02\1\0",
    ),
]


class Harm(Exception):  # noqa: N818 -- the worst that the fuzzer can find
    """Decoding did what it must never do."""


def sealed(body: bytes, shape: tuple[int, int] = SHAPE) -> bytes:
    """Return the bytes of a payload of a matrix of that shape with its checksum."""
    return body + struct.pack("<I", zlib.crc32(struct.pack("<II", *shape) + body))


def samples(codec: str, numbers: str) -> list[Payload]:
    """Return good payloads of a codec with a number format, from no rows to all."""
    options = {"numbers": numbers} if hasattr(make(codec), "numbers") else {}
    everything = list(range(SIZE))
    rows = [everything[::3], everything, [7], [], [0, 1, SIZE - 1], everything[:40]]
    updates = [update(own, SIZE) for own in rows]
    skewed = update(everything[:190], SIZE)
    skewed.values[5:] = skewed.values[5]  # one action for nearly all rows, so few bits each
    coder = make(codec, **options)
    return [coder.encode(own, _KEY).of_round(3) for own in [*updates, skewed]]


def warm_up() -> None:
    """Decode good payloads of every format: loading what that needs takes time and memory."""
    for codec in CODECS.names():
        for numbers in NUMBERS.names():
            for payload in samples(codec, numbers):
                check(payload.to_bytes())


def hostile(good: list[Payload], rng: np.random.Generator, count: int) -> Iterator[bytes]:
    """Yield so many: noise, damaged bytes and, with a good checksum, damaged fields and parts."""
    bodies = [payload.to_bytes()[:-4] for payload in good]
    for _ in range(count):
        body, payload = bodies[rng.integers(len(good))], good[rng.integers(len(good))]
        match rng.integers(12):
            case 0:
                yield rng.bytes(int(rng.integers(0, 80)))
            case 1:
                yield _mutate(sealed(body), rng)
            case 2 | 3:
                yield sealed(_mutate(body, rng))
            case 4:
                other = bodies[rng.integers(len(bodies))]
                yield sealed(body[: _at(body, rng)] + other[_at(other, rng) :])
            case 5:
                yield _with_another_field(body, rng)
            case _:
                yield _with_other_parts(payload, good[rng.integers(len(good))], rng)


def check(data: bytes) -> bool:
    """Decode; return whether that worked, rather than raise `PayloadError`.

    Raises
    ------
    Harm
        If anything else happened, or the update is not one of a matrix of `SHAPE`.
    """
    try:
        heard = decode(Payload.from_bytes(data, SHAPE))
    except PayloadError as error:
        if len(str(error).splitlines()) != 1:
            raise Harm(f"the message is not one line: {str(error)!r}") from None
        return False
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of compiled code is no Exception
        raise Harm(f"{type(error).__name__}: {error}") from error
    rows, values = heard.rows, heard.values
    if heard.shape != SHAPE or values.shape != (len(rows), COLUMNS):
        raise Harm(f"an update of {heard.shape} with values of {values.shape}")
    if rows.dtype != np.int32 or values.dtype != np.float32:
        raise Harm(f"rows of {rows.dtype} and values of {values.dtype}")
    if not np.isfinite(values).all():
        raise Harm("values that are not finite")
    if (np.diff(rows) <= 0).any() or (len(rows) and not 0 <= rows[0] <= rows[-1] < SIZE):
        raise Harm(f"these rows of {SIZE}: {rows.tolist()}")
    return True


def _at(data: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(0, len(data) + 1))


def _mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Change, insert, remove or repeat some bytes, one to three times."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, size = _at(bytes(out), rng), int(rng.integers(1, 9))
        byte = int(rng.choice(list(_BYTES))) if rng.random() < 0.5 else int(rng.integers(256))
        match rng.integers(6):
            case 0 if at < len(out):
                out[at] = byte
            case 1:
                out[at:at] = bytes([byte]) * size
            case 2:
                del out[at : at + size]
            case 3:
                del out[at:]
            case 4:
                out[at:at] = out[at : at + size]
            case _ if at < len(out):
                out[at] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip up to three bits."""
    out = bytearray(data)
    for bit in rng.integers(0, 8 * len(out), int(rng.integers(1, 4))) if out else ():
        out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def _with_another_field(body: bytes, rng: np.random.Generator) -> bytes:
    """Replace, remove or add some bytes of the frame."""
    at = int(rng.integers(min(_HEAD, len(body))))
    field = _FIELDS[rng.integers(len(_FIELDS))]
    return sealed(body[:at] + field + body[at + int(rng.integers(3)) :])


def _with_other_parts(payload: Payload, other: Payload, rng: np.random.Generator) -> bytes:
    """Damage a part, or take one of another payload; now and then name another format."""
    parts = dict(payload.parts)
    part = int(rng.choice(list(parts)))
    match rng.integers(6):
        case 0:
            del parts[part]
        case 1:
            parts[part] = rng.bytes(int(rng.integers(0, 60)))
        case 2:
            parts[part] = other.parts.get(part, b"")
        case 3:
            parts[part] = parts[part][:1] + rng.bytes(4 * int(rng.integers(0, 16)))
        case 4:
            parts[part] = _flip(parts[part], rng)
        case _:
            parts[part] = _mutate(parts[part], rng)
    codec = str(rng.choice(CODECS.names())) if rng.random() < 0.1 else payload.codec
    numbers = str(rng.choice(NUMBERS.names())) if rng.random() < 0.1 else payload.numbers
    changed = msgspec.structs.replace(payload, parts=parts, codec=codec, numbers=numbers)
    return changed.to_bytes()
