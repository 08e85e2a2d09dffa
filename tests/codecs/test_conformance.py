"""What every codec must do; a new one is picked up by its registration."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from helpers.codec_samples import UPDATES, constant, make, update

from fedras.codecs import CODECS, Codec, Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.core.threads import set_threads
from fedras.errors import PayloadError
from fedras.federation.wire import Traffic
from fedras.numbers import NUMBERS

KEY = np.uint64(2**63 + 5)


def codecs() -> Iterator[Codec]:
    """Every codec; the plainest with every format for its numbers, the others with two."""
    formats = NUMBERS.names()
    for position, name in enumerate(CODECS.names()):
        codec = make(name)
        yield codec
        for numbers in formats if name == "plain" else [formats[position % len(formats)]]:
            if getattr(codec, "numbers", numbers) != numbers:
                yield make(name, numbers=numbers)


@pytest.fixture(params=codecs(), ids=str)
def codec(request: pytest.FixtureRequest) -> Codec:
    chosen: Codec = request.param
    return chosen


@pytest.fixture(params=UPDATES)
def sample(request: pytest.FixtureRequest) -> RowUpdate:
    return UPDATES[request.param]


def over_the_wire(payload: Payload) -> RowUpdate:
    return decode(Payload.from_bytes(payload.to_bytes(), payload.shape))


def test_is_a_frozen_dataclass_that_knows_its_name(codec: Codec) -> None:
    assert CODECS.get(codec.name) is type(codec)
    assert dataclasses.is_dataclass(codec)
    assert hash(codec) == hash(dataclasses.replace(codec))
    assert codec == dataclasses.replace(codec)
    for field in dataclasses.fields(codec):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(codec, field.name, 1)


def test_payloads_survive_as_bytes(codec: Codec, sample: RowUpdate) -> None:
    payload = codec.encode(sample, KEY).of_round(7)
    assert payload.shape == sample.shape
    data = payload.to_bytes()
    assert Payload.from_bytes(data, sample.shape, 7) == payload
    assert Payload.from_bytes(data, sample.shape).to_bytes() == data


def test_decodes_to_an_update_of_the_same_matrix(codec: Codec, sample: RowUpdate) -> None:
    heard = over_the_wire(codec.encode(sample, KEY))
    assert heard.shape == sample.shape
    assert heard.rows.dtype == np.int32
    assert heard.values.dtype == np.float32
    assert heard.values.shape == (len(heard.rows), sample.shape[1])
    assert np.isfinite(heard.values).all()
    assert (np.diff(heard.rows) > 0).all()
    assert set(heard.rows.tolist()) <= set(sample.rows.tolist())
    matrix = np.zeros(sample.shape, np.float32)
    heard.add_to(matrix)
    assert not np.delete(matrix, sample.rows, axis=0).any()


def test_bytes_are_a_function_of_update_and_key(codec: Codec, sample: RowUpdate) -> None:
    assert codec.encode(sample, KEY).to_bytes() == codec.encode(sample, KEY).to_bytes()


def test_the_update_stays_as_it_is(codec: Codec) -> None:
    sample = update(list(range(3, 60, 7)), 60)
    before = sample.rows.copy(), sample.values.copy()
    over_the_wire(codec.encode(sample, KEY))
    assert (sample.rows == before[0]).all()
    assert (sample.values == before[1]).all()


def test_many_at_a_time_are_those_one_by_one(codec: Codec) -> None:
    samples = [update(list(range(0, 60, step)), 60, step) for step in (1, 2, 7, 20, 59)]
    samples.insert(2, update([], 60))
    keys = np.arange(len(samples), dtype=np.uint64)
    one_by_one = [codec.encode(s, k).to_bytes() for s, k in zip(samples, keys, strict=True)]
    for count in (1, 2):
        set_threads(count)
        assert [p.to_bytes() for p in codec.encode_all(samples, keys)] == one_by_one
    assert codec.encode_all([], np.zeros(0, np.uint64)) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", [2, 30])
def test_what_diverged_is_refused(codec: Codec, bad: float, rows: int) -> None:
    sample = update(list(range(rows)), 60)
    sample.values[1, 3] = bad
    with pytest.raises(PayloadError, match="diverged"):
        codec.encode(sample, KEY)


@pytest.mark.parametrize("value", [1e38, -3e38])
@pytest.mark.parametrize("rows", [1, 30])
def test_huge_values_are_coded_or_refused(codec: Codec, value: float, rows: int) -> None:
    try:
        payload = codec.encode(constant(list(range(rows)), 60, value), KEY)
    except PayloadError as error:
        assert rows > 1, f"a single row was refused: {error}"  # noqa: PT017
    else:
        assert np.isfinite(over_the_wire(payload).values).all()


def test_large_and_small_rows_do_not_mix_up(codec: Codec) -> None:
    """The shape of the result, not its quality, is the law; but a sum must not overflow."""
    sample = update(list(range(40)), 40)
    sample.values[::2] *= np.float32(1e15)
    assert np.isfinite(over_the_wire(codec.encode(sample, KEY)).values).all()


def test_parts_add_up_to_what_is_sent(codec: Codec, sample: RowUpdate) -> None:
    payload = codec.encode(sample, KEY)
    data, traffic = payload.to_bytes(), Traffic(clients=3)
    traffic.add(data, payload, 3)
    assert traffic.sent.total() == 3 * len(data)
    assert min(traffic.sent.values()) >= 0
    assert traffic.per_client == len(data) == sum(traffic.split().values())
    scoring = b"12345"
    traffic.add_scoring(scoring, 3)
    other = Traffic(clients=2)
    other.add(data, payload, 2)
    traffic.merge(other)
    assert traffic.clients == 5
    assert traffic.sent.total() == 5 * len(data) + 3 * len(scoring)


def test_no_codec_needs_more_than_the_plain_rows(codec: Codec, sample: RowUpdate) -> None:
    header = 64
    values = 4 * sample.values.size
    which = 1 + (sample.size + 7) // 8
    assert len(codec.encode(sample, KEY).to_bytes()) <= header + values + which + 4 * len(
        sample.rows
    )
