"""Uploads as broken and hostile clients might send them, for the tests of the server's checks."""

import numpy as np
from hypothesis import strategies as st

from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.actions import Actions
from fedras.codecs.packing import pack_rows
from fedras.codecs.plain import Plain
from fedras.federation.wire import Upload
from helpers.small_federation import DIM, N_ITEMS

LIMIT = 10
"""What a client of the small federation may send, in rows."""


def update(seed: int, n: int = 7, scale: float = 0.1) -> RowUpdate:
    """Return an update of some rows."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(N_ITEMS, n, replace=False)).astype(np.int32)
    return RowUpdate(rows, (scale * rng.normal(size=(n, DIM))).astype(np.float32), N_ITEMS)


def honest(seed: int, round_: int = 0) -> Upload:
    """Return what a client might send that keeps to the rules."""
    n = 3 + seed % 30
    payload = Actions(LIMIT).encode(update(seed, n), np.uint64(seed))
    return Upload(payload.of_round(round_).to_bytes(), b"")


def plain(value: float, n: int = 3, round_: int = 0) -> Upload:
    """Return an upload of equal numbers, whatever they are, that is otherwise as it should be."""
    rows = np.arange(n, dtype=np.int32)
    parts: dict[int, bytes] = {
        Part.ROWS: pack_rows(rows, N_ITEMS),
        Part.VALUES: np.full((n, DIM), value, "<f4").tobytes(),
    }
    return Upload(Payload("plain", "f32", (N_ITEMS, DIM), parts, round_).to_bytes(), b"")


BAD: dict[str, tuple[Upload, str]] = {
    "nothing": (Upload(b"", b""), "malformed"),
    "garbage": (Upload(b"\x93garbage", b""), "malformed"),
    "a damaged one": (Upload(honest(1).items[:-1] + b"x", b""), "malformed"),
    "too much": (Upload(bytes(8000), b""), "size"),
    "another matrix": (
        Upload(Plain().encode(RowUpdate.between(*np.eye(2, 3, dtype=np.float32)[:, None]),
                              np.uint64(0)).to_bytes(), b""),
        "malformed",
    ),
    "a late one": (honest(1, round_=7), "round"),
    "NaN": (plain(np.nan), "not finite"),
    "infinity": (plain(-np.inf), "not finite"),
    "too large": (plain(3e38), "too large"),
    "too large, negative": (plain(-1e9), "too large"),
    "over its budget": (plain(0.1, n=LIMIT + 1), "budget"),
    "too many actions": (
        Upload(Actions(LIMIT + 1, 5).encode(update(0, 40), np.uint64(1)).to_bytes(), b""),
        "budget",
    ),
}  # fmt: skip

_forged = st.builds(
    plain,
    st.floats(width=32),
    st.integers(0, LIMIT + 1),
    st.sampled_from([0, 0, 0, 1]),
)
_mutated = st.builds(
    lambda seed, at, byte: Upload(
        (data := honest(seed).items)[: at % len(data)] + bytes([byte]) + data[at % len(data) + 1 :],
        b"",
    ),
    st.integers(0, 40),
    st.integers(0, 10**4),
    st.integers(0, 255),
)
_parts = st.builds(
    lambda rows, values: Upload(
        Payload("plain", "f32", (N_ITEMS, DIM), {Part.ROWS: rows, Part.VALUES: values}).to_bytes(),
        b"",
    ),
    st.binary(max_size=12),
    st.binary(max_size=200),
)
hostile = st.one_of(
    st.builds(Upload, st.binary(max_size=300), st.binary(max_size=20)),
    st.sampled_from(sorted(BAD)).map(lambda kind: BAD[kind][0]),
    _forged,
    _mutated,
    _parts,
)
"""Any upload at all."""
