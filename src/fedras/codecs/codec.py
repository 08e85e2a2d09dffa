"""The contract of a codec: an update of some rows to a `Payload` and back."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from fedras.arrays import Float32s, UInt64s
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

    def beside(self, replica: Float32s) -> "Codec":
        """Return the codec for updates of a matrix that both sides hold, float32[N, d].

        It is the same for all but `Relative` ones.
        """
        return self


class Batched(Codec):
    """A codec that codes and decodes many updates in one call, and so a single one."""

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Code one update."""
        return self.encode_all([update], np.array([key], np.uint64))[0]

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Decode one payload."""
        return cls.decode_all([payload])[0]

    @abstractmethod
    def encode_all(self, updates: Sequence[RowUpdate], keys: UInt64s) -> list[Payload]:
        """Code many updates, each by itself."""

    @classmethod
    @abstractmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Decode payloads of one matrix and number format, each by itself."""


class Relative(Codec):
    """A codec that leaves out what a receiver can tell from the matrix that it holds already.

    `encode` codes beside the matrix that `beside` was given, and beside zeros without one.
    """

    @classmethod
    @abstractmethod
    def decode_beside(cls, payloads: Sequence[Payload], replica: Float32s) -> list[RowUpdate]:
        """Decode payloads that were coded beside ``replica``, float32[N, d].

        Raises
        ------
        PayloadError
            For a payload that `encode` cannot have made.
        """

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Decode what was coded beside zeros."""
        return cls.decode_all([payload])[0]

    @classmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Decode payloads of one matrix that were coded beside zeros."""
        return cls.decode_beside(payloads, np.zeros(payloads[0].shape, np.float32))


CODECS: Registry[Codec] = Registry("codec", "codecs")


def decode(payload: Payload, replica: Float32s | None = None) -> RowUpdate:
    """Decode with the codec that the payload names, beside the replica, float32[N, d], if any.

    Raises
    ------
    PayloadError
        For a codec that is not registered here, and for what `Codec.decode` refuses.
    """
    return decode_all([payload], None if replica is None else [replica])[0]


def decode_all(
    payloads: Sequence[Payload], replicas: Sequence[Float32s] | None = None
) -> list[RowUpdate]:
    """Decode each payload with the codec that it names, those of one kind together.

    Parameters
    ----------
    payloads
        Of one or more codecs.
    replicas
        float32[N, d] each, what the sender of each payload held and the receiver does; without
        them what is `Relative` was coded beside zeros.

    Raises
    ------
    PayloadError
        As `decode`, if one of them is refused.
    """
    updates: dict[int, RowUpdate] = {}
    kinds: defaultdict[tuple[str, str, tuple[int, int], int], list[int]] = defaultdict(list)
    for i, payload in enumerate(payloads):
        if payload.codec not in CODECS:
            raise PayloadError(f"payload of an unknown codec {payload.codec!r}")
        beside = replicas is not None and issubclass(CODECS.get(payload.codec), Relative)
        held = id(replicas[i]) if replicas is not None and beside else 0
        kinds[payload.codec, payload.numbers, payload.shape, held].append(i)
    for (name, _, _, held), mine in kinds.items():
        codec, own = CODECS.get(name), [payloads[i] for i in mine]
        if replicas is not None and held and issubclass(codec, Relative):
            decoded = codec.decode_beside(own, replicas[mine[0]])
        else:
            decoded = codec.decode_all(own)
        updates.update(zip(mine, decoded, strict=True))
    return [updates[i] for i in range(len(payloads))]
