"""What server and nodes say to each other, as MessagePack bytes; item updates are payloads in it.

Sizes are checked before anything is parsed, fields after it, and whatever is wrong, the error is
`PayloadError`. No message names a file, a class or code.
"""

import hashlib
from typing import Annotated, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from fedras.arrays import UInt64s
from fedras.config import MOST_CUTOFF
from fedras.errors import PayloadError
from fedras.models.context import OFF

TAG_BYTES, RUN_BYTES, NODE_BYTES = 8, 8, 16
LARGEST = 1 << 31
"""Bytes that a message may have; Flower's own limit is the same."""
NO_TAG = bytes(TAG_BYTES)
"""The tag of version 0, which follows from the seed."""
HISTOGRAMS = 3
"""Most that a node answers with: sampled, full and by the server's matrix."""
BINS = MOST_CUTOFF + 1
"""Most numbers that a histogram has."""
MOST_CONTEXTS = 64
"""Most contexts that a node ranks in."""

Tag = Annotated[bytes, Meta(min_length=TAG_BYTES, max_length=TAG_BYTES)]
RunToken = Annotated[bytes, Meta(min_length=RUN_BYTES, max_length=RUN_BYTES)]
NodeToken = Annotated[bytes, Meta(min_length=NODE_BYTES, max_length=NODE_BYTES)]
Count = Annotated[int, Meta(ge=0, lt=2**53)]
Budgets = Annotated[tuple[Count, ...], Meta(max_length=255)]
Text = Annotated[str, Meta(max_length=1 << 16)]
_Share = Annotated[float, Meta(ge=0, le=1)]
Contexts = Annotated[
    tuple[tuple[_Share, Annotated[float, Meta(ge=0)], _Share], ...],
    Meta(min_length=1, max_length=MOST_CONTEXTS),
]


class Message(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A message of a run, which ``run`` tells apart from all other runs."""

    run: RunToken


class Join(Message, frozen=True, tag="join"):
    """The server asks a node who its clients are.

    Attributes
    ----------
    config
        JSON: the options of the run, without any that name files.
    items
        The number of items, N.
    catalogue
        Digest of the item catalogue (`catalogue.Catalogue.digest`).
    """

    config: Text
    items: Count
    catalogue: Tag


class Joined(Message, frozen=True, tag="joined"):
    """A node's answer to `Join`.

    Attributes
    ----------
    token
        What the node calls itself, drawn once. It proves nothing: users belong to the address.
    clients
        uint64[M], little endian: the identities of its clients.
    version, tag, budgets
        The version of its replicas, the `Tag` of that version, and the streams that they are of.
    """

    token: NodeToken
    clients: bytes
    version: Count
    tag: Tag
    budgets: Budgets = ()


class News(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All updates that a node misses of one stream, oldest first, or what they lead to.

    Attributes
    ----------
    snapshot
        The whole, if that is smaller.
    updates
        What was sent in each round since.
    """

    snapshot: bytes
    updates: tuple[bytes, ...]


class Work(Message, frozen=True, tag="work"):
    """The server brings a node up to date and gives it something to do.

    Attributes
    ----------
    base, base_tag
        The version that the updates start from; 0 is the one that follows from the seed.
    version, tag
        The version that they lead to: the number of rounds done.
    budgets
        The streams that the node's clients hear, by budget.
    news, scoring
        What is new of each stream and of the scoring model.
    cohort
        uint64[C], little endian: the clients that shall train or, with ``evaluate``, rank.
    streams
        uint8[C], which of ``budgets`` each of them has; empty if there is one budget only.
    evaluate
        0: train; 1: rank what `Config.monitor` names among sampled items, in each of ``contexts``;
        2: rank test items, also among all items, and by ``matrix``.
    matrix
        A `News.snapshot` of the server's own item matrix, for the last evaluation.
    bins
        How many numbers each histogram of ranks shall have (`metrics.bins`).
    skipped
        How many rounds were left out (`federation.schedule`).
    contexts
        Decay and weight of the users' context: the one that holds, or those to rank in.
    """

    base: Count
    base_tag: Tag
    version: Count
    tag: Tag
    budgets: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=255)]
    news: tuple[News, ...]
    scoring: News
    cohort: bytes = b""
    streams: bytes = b""
    evaluate: Annotated[int, Meta(ge=0, le=2)] = 0
    matrix: bytes = b""
    bins: Annotated[int, Meta(ge=2, le=BINS)] = 2
    skipped: Count = 0
    contexts: Contexts = (OFF,)


class Done(Message, frozen=True, tag="done"):
    """A node's answer to `Work`.

    Attributes
    ----------
    asked
        `digest` of the message that it answers: so no old answer is taken for a new one.
    version, tag
        What its replicas are now, on its disk: those of the message.
    clients
        Digest of its clients' identities: another one than the server's means that it must ask.
    uploads
        Of each client of the cohort, its coded items and scoring model; two empty ones from a
        client that is gone.
    counts
        `metrics.counts` of the ranks: in each context, or sampled, full and by the server's matrix.
    """

    asked: Tag
    version: Count
    tag: Tag
    clients: Tag
    uploads: Annotated[tuple[tuple[bytes, bytes], ...], Meta(max_length=1 << 16)] = ()
    counts: Annotated[tuple[Count, ...], Meta(max_length=MOST_CONTEXTS * BINS)] = ()


class Refused(Message, frozen=True, tag="refused"):
    """A node could not do what it was asked; ``reason`` is for people, the rest as in `Joined`."""

    reason: Annotated[str, Meta(max_length=500)]
    version: Count
    tag: Tag
    budgets: Budgets = ()


Parsed = TypeVar("Parsed")
Request = Join | Work
Reply = Joined | Done | Refused

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def digest(data: bytes) -> bytes:
    """Return eight bytes that tell ``data`` from other messages."""
    return hashlib.blake2b(data, digest_size=TAG_BYTES).digest()


def to_bytes(message: Message) -> bytes:
    """Return a message as bytes."""
    return _encoder.encode(message)


def parse_request(data: bytes) -> Request:
    """Return what the server asks.

    Raises
    ------
    PayloadError
        If ``data`` is no request.
    """
    return _parsed(_requests, data)


def parse_reply(data: bytes) -> Reply:
    """Return what a node answers.

    Raises
    ------
    PayloadError
        If ``data`` is no reply.
    """
    return _parsed(_replies, data)


def _parsed(decoder: msgspec.msgpack.Decoder[Parsed], data: bytes) -> Parsed:
    if len(data) > LARGEST:
        raise PayloadError(f"a message of {len(data)} bytes is too long")
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError(f"not a message of this version: {error}") from None


def pack_clients(clients: UInt64s) -> bytes:
    """Return identities, uint64[M], as bytes."""
    return clients.astype("<u8").tobytes()


def unpack_clients(data: bytes) -> UInt64s:
    """Return uint64[M] from `pack_clients`.

    Raises
    ------
    PayloadError
        If the bytes are no whole number of identities, or one is there twice.
    """
    if len(data) % 8:
        raise PayloadError(f"{len(data)} bytes are no list of clients")
    clients = np.frombuffer(data, "<u8").astype(np.uint64)
    if len(np.unique(clients)) < len(clients):
        raise PayloadError("a client is named twice")
    return clients


def clients_digest(clients: UInt64s) -> bytes:
    """Return eight bytes that tell these identities, uint64[M], from others."""
    return digest(pack_clients(np.sort(clients)))
