"""The bytes of format version 3, pinned: peers of other releases must go on understanding them."""

import re
import struct
import zlib

import numpy as np
import pytest

from fedras.codecs import CODECS, Payload, RowUpdate
from fedras.codecs.actions import pack_actions
from fedras.codecs.codec import decode
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS

VECTORS = "0000803f 000000c0 0000003f 00004040 0000803f 000000c0"  # (1, -2) (0.5, 3) (1, -2)
LAST = "00000000 0000803e"  # (0, 0.25)
CODED = "090000 05703e2ec56900bdbba7bb31"  # 5, 1,000, 30,000 and 99,999

# Version and codec, parts and number format, round, lengths of parts but the last, parts; then the
# CRC-32.
PINNED = {
    "plain, a bitmap": ([0, 2, 3, 7], 9, f"31 91 03 03 008d00 {VECTORS} {LAST}"),
    "actions, a bitmap": ([0, 2, 3, 7], 9, f"32 71 ac02 03 02 008d00 0084 {VECTORS}"),
    "plain, all rows": ([0, 1, 2, 3], 4, f"31 91 03 00 {VECTORS} {LAST}"),
    "actions, all rows": ([0, 1, 2, 3], 4, f"32 71 ac02 00 02 0084 {VECTORS}"),
    "plain, few of many": (
        [5, 1000, 30000, 99999],
        100_000,
        f"31 91 03 0f {CODED} {VECTORS} {LAST}",
    ),
    "actions, few of many": (
        [5, 1000, 30000, 99999],
        100_000,
        f"32 71 ac02 0f 02 {CODED} 0084 {VECTORS}",
    ),
}


def sealed(body: bytes, rows: int = 9, columns: int = 2) -> bytes:
    shape = struct.pack("<II", rows, columns)
    return body + struct.pack("<I", zlib.crc32(shape + body))


def example(codec: str, rows: list[int], size: int) -> tuple[Payload, RowUpdate]:
    values = np.array([[1, -2], [0.5, 3], [1, -2], [0, 0.25]], np.float32)
    update = RowUpdate(np.array(rows, np.int32), values, size)
    if codec == "plain":
        return Plain().encode(update, np.uint64(0)).of_round(3), update
    index = np.array([0, 1, 0, 2], np.int32)
    payload = pack_actions(update, values[:3], index, "f32", np.uint64(0)).of_round(300)
    return payload, RowUpdate(update.rows, values[:3][index], size)


@pytest.mark.parametrize("case", PINNED)
def test_bytes_are_pinned(case: str) -> None:
    rows, size, text = PINNED[case]
    payload, update = example(case.split(",", maxsplit=1)[0], rows, size)
    data = sealed(bytes.fromhex(text), size)
    assert payload.to_bytes().hex(" ") == data.hex(" ")
    read = Payload.from_bytes(data, (size, 2))
    assert read == payload
    assert decode(read).rows.tolist() == update.rows.tolist()
    assert decode(read).values.tolist() == update.values.tolist()


BODY = bytes.fromhex(PINNED["plain, a bitmap"][2])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\0" * 4,
        BODY,
        BODY + b"\0\0\0\0",
        sealed(BODY)[:-1],
        sealed(BODY) + b"\0",
        sealed(BODY + b"\0"),
        sealed(BODY[:-1]),
        sealed(b"\x21" + BODY[1:]),  # version 2
        sealed(b"\x30" + BODY[1:]),  # no codec
        sealed(b"\x3e" + BODY[1:]),
        sealed(BODY[:1] + b"\x90" + BODY[2:]),  # no number format
        sealed(b"\x3f\x05plain" + BODY[1:]),  # a name that has a code
        sealed(b"\x3f\x02\xff\xfe" + BODY[1:]),  # not UTF-8
        sealed(b"\x3f\x41" + b"x" * 65 + BODY[1:]),
        sealed(BODY[:2] + b"\x83\0" + BODY[3:]),  # a round that is longer than it need be
        sealed(BODY[:2] + b"\xff\xff\xff\xff\x08" + BODY[3:]),  # and one that is too large
        sealed(BODY[:2] + b"\xff\xff\xff\xff\xff\x01" + BODY[3:]),
        sealed(BODY[:3] + b"\x7f" + BODY[4:]),  # a part that is longer than all there is
        sealed(BODY[:1] + b"\x01\x03\x02\x04\x01" + BODY[3:]),  # parts out of order
        sealed(BODY[:1] + b"\x01\x03\x02\x01\x04" + BODY[3:]),  # and those that four bits can say
        sealed(BODY[:1] + b"\x01\x03\x41" + BODY[3:]),
        sealed(BODY[:1] + b"\x01\x03\x00" + BODY[3:]),  # none, and bytes of them
        sealed(BODY, 8),  # another matrix
        sealed(BODY[:1]),
        sealed(b""),
        sealed(b"\xff" * 100_000),
        b"\x96\x02\xa5plain" + BODY,  # format 2
    ],
)
def test_bytes_of_no_payload_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(PayloadError) as raised:
        decode(Payload.from_bytes(data, (9, 2)))
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 300


def test_every_flipped_bit_is_noticed() -> None:
    data = sealed(BODY)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(PayloadError, match="checksum"):
            Payload.from_bytes(bytes(damaged), (9, 2))


def test_another_round_is_refused() -> None:
    data = Payload.from_bytes(sealed(BODY), (9, 2), 3).of_round(8).to_bytes()
    assert Payload.from_bytes(data, (9, 2), 8).round == 8
    for other in (0, 7, 9):
        message = f"payload of round 8, expected round {other}"
        with pytest.raises(PayloadError, match=f"^{re.escape(message)}$"):
            Payload.from_bytes(data, (9, 2), other)


def test_another_matrix_is_refused() -> None:
    for shape in ((9, 3), (10, 2), (2, 9)):
        with pytest.raises(PayloadError, match="another matrix"):
            Payload.from_bytes(sealed(BODY), shape)


def test_more_bytes_than_a_matrix_can_take_are_refused() -> None:
    payload = Payload("plain", "f32", (3, 2), {4: bytes(100_000)})
    with pytest.raises(PayloadError, match="bytes are too many for a matrix of"):
        Payload.from_bytes(payload.to_bytes(), (3, 2))


def test_names_and_parts_of_other_packages_are_written_out() -> None:
    payload = Payload("theirs", "f33", (9, 2), {16: b"abc", 1: b"de"}, 5)
    data = sealed(bytes.fromhex("3f 06 746865697273 0f 03 663333 05 02 01 10 02 6465 616263"))
    assert payload.to_bytes().hex(" ") == data.hex(" ")
    assert Payload.from_bytes(data, (9, 2), 5) == payload


def test_a_payload_without_parts() -> None:
    payload = Payload("plain", "f32", (9, 2), {}, 5)
    assert payload.to_bytes() == sealed(bytes.fromhex("31 01 05 00"))
    assert Payload.from_bytes(payload.to_bytes(), (9, 2)) == payload


def test_a_peer_of_the_former_format_is_told_apart() -> None:
    with pytest.raises(PayloadError, match="format 2; install the same fedras"):
        Payload.from_bytes(b"\x96\x02\xa5plain" + BODY, (9, 2))


def test_every_codec_and_number_format_has_a_code() -> None:
    for name in CODECS.names():
        for numbers in NUMBERS.names():
            data = Payload(name, numbers, (9, 2), {1: b""}).to_bytes()
            assert name.encode() not in data
            assert numbers.encode() not in data
