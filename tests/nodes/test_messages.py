import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.errors import PayloadError
from fedras.nodes import messages
from fedras.nodes.messages import Done, Join, Joined, News, Refused, Work

RUN, TAG, NODE = b"a run 8b", b"a tag 8b", b"a node of 16 by."
NOTHING = News(b"", ())
REQUESTS = [
    Join(RUN, "{}", 5, TAG),
    Work(RUN, 0, TAG, 2, TAG, (3, 4), (News(b"s", ()), News(b"", (b"u", b"v"))), NOTHING, b"x" * 8),
]
REPLIES = [
    Joined(RUN, NODE, b"12345678", 3, TAG),
    Done(RUN, TAG, 3, TAG, TAG, ((b"items", b""),), (1,) * 11),
    Refused(RUN, "no", 0, TAG),
]


@pytest.mark.parametrize("message", REQUESTS, ids=lambda m: type(m).__name__)
def test_requests_come_back(message: messages.Request) -> None:
    assert messages.parse_request(messages.to_bytes(message)) == message
    with pytest.raises(PayloadError):
        messages.parse_reply(messages.to_bytes(message))


@pytest.mark.parametrize("message", REPLIES, ids=lambda m: type(m).__name__)
def test_replies_come_back(message: messages.Reply) -> None:
    assert messages.parse_reply(messages.to_bytes(message)) == message
    with pytest.raises(PayloadError):
        messages.parse_request(messages.to_bytes(message))


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    for parse in (messages.parse_request, messages.parse_reply):
        try:
            parse(data)
        except PayloadError:
            continue
        raise AssertionError(data)


@given(st.sampled_from(REQUESTS + REPLIES), st.data())
def test_damaged_messages_are_refused_or_messages(
    message: messages.Message, draw: st.DataObject
) -> None:
    data = bytearray(messages.to_bytes(message))
    data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    for parse in (messages.parse_request, messages.parse_reply):
        try:
            assert isinstance(parse(bytes(data)), messages.Message)
        except PayloadError:
            continue


def test_lengths_and_ranges_are_checked() -> None:
    for bad in (
        Join(b"short", "{}", 5, TAG),
        Join(RUN, "{}", -1, TAG),
        Join(RUN, "x" * 70_000, 1, TAG),
        Work(RUN, 0, TAG, 0, TAG, (), (), NOTHING),
        Work(RUN, 0, TAG, 0, TAG, (1,), (NOTHING,), NOTHING, evaluate=3),
        Work(RUN, 0, TAG, 0, TAG, (1,), (NOTHING,), NOTHING, evaluate=1, bins=1),
        Work(RUN, 0, TAG, 0, TAG, (1,), (NOTHING,), NOTHING, evaluate=1, bins=messages.BINS + 1),
    ):
        with pytest.raises(PayloadError):
            messages.parse_request(messages.to_bytes(bad))
    with pytest.raises(PayloadError):
        messages.parse_reply(messages.to_bytes(Joined(RUN, b"node", b"", 0, TAG)))


def test_too_long_a_message_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LARGEST", 10)
    with pytest.raises(PayloadError, match="too long"):
        messages.parse_request(messages.to_bytes(REQUESTS[0]))


def test_clients_come_back_and_must_be_distinct() -> None:
    clients = np.array([2**64 - 1, 0, 7], np.uint64)
    assert messages.unpack_clients(messages.pack_clients(clients)).tolist() == clients.tolist()
    for bad in (b"123", messages.pack_clients(np.array([4, 4], np.uint64))):
        with pytest.raises(PayloadError):
            messages.unpack_clients(bad)


def test_an_unknown_field_is_refused() -> None:
    data = msgspec.msgpack.encode(["join", RUN, "{}", 5, TAG, "more"])
    with pytest.raises(PayloadError):
        messages.parse_request(data)
