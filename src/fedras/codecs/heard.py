"""What a receiver makes of the bytes of one update."""

from collections.abc import Mapping
from typing import NamedTuple

from fedras.arrays import Float32s
from fedras.codecs.codec import decode
from fedras.codecs.payload import Payload
from fedras.codecs.update import RowUpdate
from fedras.core import rounds


class Heard(NamedTuple):
    """An update that was received.

    Attributes
    ----------
    update
        What it says.
    sizes
        The bytes of its parts by `Part`.
    """

    update: RowUpdate
    sizes: Mapping[int, int]


def hear(data: bytes, replica: Float32s, round_: int) -> Heard:
    """Parse and decode an update of ``replica``, float32[N, d], in one call of the core if it can.

    Raises
    ------
    PayloadError
        As `Payload.from_bytes` and `decode`.
    """
    shape = replica.shape[0], replica.shape[1]
    found = rounds.hear(data, *shape, round_)
    if found is None:
        payload = Payload.from_bytes(data, shape, round_)
        update = decode(payload, replica)
        return Heard(update, {part: len(own) for part, own in payload.parts.items()})
    rows, vectors, index, sizes = found
    return Heard(RowUpdate(rows, vectors, shape[0], index), sizes_by_part(sizes.tolist()))


def sizes_by_part(sizes: list[int]) -> dict[int, int]:
    """Return by part what the core counts: each from 1 on, -1 where there is none; the rest."""
    return {part: size for part, size in enumerate(sizes[:-1], 1) if size >= 0}
