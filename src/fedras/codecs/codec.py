"""The contract of a codec: an update of some rows to a `Payload` and back."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from fedras.arrays import UInt64s
from fedras.codecs.payload import Payload
from fedras.codecs.update import RowUpdate
from fedras.errors import PayloadError
from fedras.registry import Registry


class Codec(ABC):
    """A way of coding an update: a frozen dataclass whose fields are its hyper-parameters.

    A subclass registers itself with ``@CODECS.register(name)``; `decode` must work on whatever
    `encode` of the same name made, with any hyper-parameters.
    """

    name: ClassVar[str]

    @abstractmethod
    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Code ``update``; random choices are drawn from the stream ``key``."""

    @classmethod
    @abstractmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Return the update that ``payload`` describes.

        Raises
        ------
        PayloadError
            For a payload that `encode` cannot have made.
        """

    def allows(self, payload: Payload) -> bool:
        """Return whether a payload keeps this codec's limit; by default there is none.

        A receiver asks before it decodes, so the answer must follow from the lengths of parts
        (`packing.count_vectors`, `packing.count_rows`), not from what they hold.

        Raises
        ------
        PayloadError
            For a payload that `encode` cannot have made.
        """
        return True

    def encode_all(self, updates: Sequence[RowUpdate], keys: UInt64s) -> list[Payload]:
        """Code many updates; the same payloads as `encode` one by one."""
        return [self.encode(update, key) for update, key in zip(updates, keys, strict=True)]

    @classmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Decode payloads of one matrix and number format; the same as `decode` one by one."""
        return [cls.decode(payload) for payload in payloads]


CODECS: Registry[Codec] = Registry("codec", "codecs")


def decode(payload: Payload) -> RowUpdate:
    """Decode with the codec that the payload names.

    Raises
    ------
    PayloadError
        For a codec that is not registered here, and for what `Codec.decode` refuses.
    """
    return decode_all([payload])[0]


def decode_all(payloads: Sequence[Payload]) -> list[RowUpdate]:
    """Decode each payload with the codec that it names, those of one kind together.

    Raises
    ------
    PayloadError
        As `decode`, if one of them is refused.
    """
    updates: dict[int, RowUpdate] = {}
    kinds: defaultdict[tuple[str, str, tuple[int, int]], list[int]] = defaultdict(list)
    for i, payload in enumerate(payloads):
        kinds[payload.codec, payload.numbers, payload.shape].append(i)
    for (name, _, _), mine in kinds.items():
        if name not in CODECS:
            raise PayloadError(f"payload of an unknown codec {name!r}")
        decoded = CODECS.get(name).decode_all([payloads[i] for i in mine])
        updates.update(zip(mine, decoded, strict=True))
    return [updates[i] for i in range(len(payloads))]
