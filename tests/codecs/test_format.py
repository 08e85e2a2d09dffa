"""The bytes of format version 2, pinned: peers of other releases must go on understanding them."""

import re
import struct
import zlib

import numpy as np
import pytest

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.actions import pack_actions
from fedras.codecs.codec import decode
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError

VECTORS = "0000803f 000000c0 0000003f 00004040 0000803f 000000c0"  # (1, -2) (0.5, 3) (1, -2)
LAST = "00000000 0000803e"  # (0, 0.25)
PLAIN = "a5 706c61696e"
F32 = "a3 663332"
ACTIONS = "a7 616374696f6e73"
CODED = "090000 05703e2ec56900bdbba7bb31"  # 5, 1,000, 30,000 and 99,999

# MessagePack: [1, codec, numbers, [rows, columns], {part: bytes}, round]; the CRC-32 follows.
PINNED = {
    "plain, a bitmap": (
        [0, 2, 3, 7],
        9,
        f"96 02 {PLAIN} {F32} 92 09 02 82 01 c403 008d00 04 c420 {VECTORS} {LAST} 03",
    ),
    "actions, a bitmap": (
        [0, 2, 3, 7],
        9,
        f"96 02 {ACTIONS} {F32} 92 09 02 83 01 c403 008d00 02 c402 0084 03 c418 {VECTORS} cd012c",
    ),
    "plain, all rows": (
        [0, 1, 2, 3],
        4,
        f"96 02 {PLAIN} {F32} 92 04 02 82 01 c400 04 c420 {VECTORS} {LAST} 03",
    ),
    "actions, all rows": (
        [0, 1, 2, 3],
        4,
        f"96 02 {ACTIONS} {F32} 92 04 02 83 01 c400 02 c402 0084 03 c418 {VECTORS} cd012c",
    ),
    "plain, few of many": (
        [5, 1000, 30000, 99999],
        100_000,
        f"96 02 {PLAIN} {F32} 92 ce000186a0 02 82 01 c40f {CODED} 04 c420 {VECTORS} {LAST} 03",
    ),
    "actions, few of many": (
        [5, 1000, 30000, 99999],
        100_000,
        f"96 02 {ACTIONS} {F32} 92 ce000186a0 02 83 01 c40f {CODED} "
        f"02 c402 0084 03 c418 {VECTORS} cd012c",
    ),
}


def sealed(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


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
    data = sealed(bytes.fromhex(text))
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
        sealed(BODY[:1] + b"\x01" + BODY[2:]),  # version 1
        sealed(BODY[:1] + b"\xa12" + BODY[2:]),  # version "2"
        sealed(BODY.replace(b"plain", b"pl\xff\xfen")),  # not UTF-8
        sealed(BODY.replace(b"f32", b"f\xff2")),
        sealed(BODY.replace(b"\x92\x09\x02", b"\x92\x08\x02")),  # another matrix
        sealed(BODY.replace(b"\x92\x09\x02", b"\x92\x09\xff")),  # a negative size
        sealed(BODY.replace(b"\x92\x09\x02", b"\x91\x09")),
        sealed(BODY[:-1] + b"\xff"),  # a negative round
        sealed(b"\x80"),
        sealed(b"\xc1"),
        sealed(b"\xdd\xff\xff\xff\xff"),  # four thousand million fields
        sealed(BODY[: BODY.index(b"\x82")] + b"\xdf\xff\xff\xff\xff"),  # as many parts
        sealed(b"\x91" * 100_000),
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
        with pytest.raises(PayloadError, match="expected"):
            Payload.from_bytes(sealed(BODY), shape)


def test_more_bytes_than_a_matrix_can_take_are_refused() -> None:
    payload = Payload("plain", "f32", (3, 2), {4: bytes(100_000)})
    with pytest.raises(PayloadError, match="bytes are too many for a matrix of"):
        Payload.from_bytes(payload.to_bytes(), (3, 2))
