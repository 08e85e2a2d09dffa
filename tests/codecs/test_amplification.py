"""What a peer sends takes no more memory than a few times the matrix that it is an update of."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from helpers.fuzzing import sealed
from helpers.inflated import DIM, allowed, inflated, peak
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fedras.codecs import CODECS, Codec, Part, Payload
from fedras.codecs.packing import unpack_floats
from fedras.errors import PayloadError, UsageError
from fedras.numbers import NUMBERS, Numbers
from fedras.registry import Registry

SIZE = 3000


@pytest.mark.parametrize("numbers", NUMBERS.names())
@pytest.mark.parametrize("codec", CODECS.names())
def test_decoding_takes_a_few_times_the_matrix(codec: str, numbers: str) -> None:
    payloads = list(inflated(codec, numbers, SIZE))
    peak(payloads[0])  # what is kept from now on, such as compiled code, is not counted
    assert max(map(peak, payloads)) < allowed(SIZE)


@settings(max_examples=60, deadline=None)
@given(
    codec=st.sampled_from(CODECS.names()),
    numbers=st.sampled_from(NUMBERS.names()),
    lengths=st.lists(st.integers(0, 4 * SIZE * DIM), min_size=5, max_size=5),
    byte=st.sampled_from([0, 1, 127, 255]),
)
def test_parts_of_any_length_take_no_more(
    codec: str, numbers: str, lengths: list[int], byte: int
) -> None:
    good = next(inflated(codec, numbers, 50))
    parts = {part: good.parts[part][:4] + bytes([byte]) * lengths[part] for part in good.parts}
    assert peak(replace(good, shape=(SIZE, DIM), parts=parts)) < allowed(SIZE)


RESIDENT = """
import sys
from pathlib import Path
from helpers.inflated import allowed, inflated, peak
from fedras.codecs import CODECS, Payload
from fedras.codecs.codec import decode
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS

def all_of(size):
    for codec in CODECS.names():
        for numbers in NUMBERS.names():
            for payload in inflated(codec, numbers, size):
                try:
                    decode(Payload.from_bytes(payload.to_bytes(), payload.shape))
                except PayloadError:
                    pass

def largest():
    (line,) = [x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x]
    return int(line.split()[1]) * 1024

all_of(100)  # loads what is needed
Path("/proc/self/clear_refs").write_text("5")  # what it holds now is the largest
held = largest()
all_of(int(sys.argv[1]))
print(largest() - held)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_nor_does_the_process_grow_by_more() -> None:
    """Compiled code allocates what Python does not see.

    malloc gives back at once what is freed: else holes add up over all payloads.
    """
    size = 20_000
    prompt = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT, str(size)],
        cwd=Path(__file__).parents[1],
        env=os.environ | prompt,
        capture_output=True,
        text=True,
        check=True,
    )
    payloads = 4 * 4 * size * DIM  # the good one, the inflated one, its bytes and their copy
    assert 0 < int(done.stdout) < allowed(size) + payloads


MANY = 60_000
LONG = "\U0001f600".encode() + b"a" * 700_000


@pytest.mark.parametrize(
    "body",
    [
        b"\x31\x01\x03\xff\xff\x03" + bytes(range(1, 128)) * 500,
        b"\x3f\xff" + LONG,
        b"\x31\x0f\xff" + LONG,
        b"\x31\x91\x03\xff\xff\xff\xff\x07" + bytes(MANY),
        b"\x31\xf1\x03" + b"\xff" * MANY,
        b"\x31\x91\x03\x00" + LONG,
    ],
    ids=["parts", "codec", "numbers", "claimed", "lengths", "long"],
)
def test_a_frame_takes_no_more_than_its_bytes(body: bytes) -> None:
    data = sealed(body, (SIZE, DIM))
    tracemalloc.start()
    try:
        with pytest.raises(PayloadError) as raised:
            Payload.from_bytes(data, (SIZE, DIM))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(str(raised.value)) < 300
    assert most < 2 * len(data) + 20_000


def test_a_codec_that_names_no_number_of_rows_is_held_to_the_matrix() -> None:
    payload = Payload("other", "bit", (SIZE, DIM), {Part.VALUES: bytes(4 + 4 * (SIZE + 1))})
    with pytest.raises(PayloadError, match=f"{SIZE + 1} vectors of {DIM} numbers"):
        unpack_floats(payload, Part.VALUES, DIM)
    fits = replace(payload, parts={Part.VALUES: bytes(4 + 4 * SIZE)})
    with pytest.raises(PayloadError, match=f"{SIZE} vectors, of which there can be 7"):
        unpack_floats(fits, Part.VALUES, DIM, 7)


@pytest.mark.parametrize("numbers", NUMBERS.names())
@given(rows=st.integers(0, 70), columns=st.integers(1, 70))
def test_a_format_counts_what_it_decodes(numbers: str, rows: int, columns: int) -> None:
    chosen = NUMBERS.get(numbers)
    values = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
    data = chosen.encode(values, np.uint64(1))
    assert chosen.count(len(data), columns) == rows == len(chosen.decode(data, columns))


@pytest.mark.parametrize("numbers", NUMBERS.names())
@given(length=st.integers(0, 400), columns=st.integers(-1, 40))
def test_lengths_that_are_refused_are_refused_by_both(
    numbers: str, length: int, columns: int
) -> None:
    chosen = NUMBERS.get(numbers)
    try:
        count = chosen.count(length, columns)
    except PayloadError:
        with pytest.raises(PayloadError):
            chosen.decode(bytes(length), columns)
    else:
        assert chosen.decode(bytes(length), columns).shape == (count, columns)


def test_a_format_of_before_is_refused_by_name_when_it_is_found() -> None:
    class Old(Numbers):
        unbiased = True

    class Empty(Codec):
        name = "empty"

    known: Registry[Numbers] = Registry("number format", "numbers")
    with pytest.raises(
        UsageError, match=r"number format 'old' of .* lacks count, decode, encode: "
    ):
        known.register("old")(Old)  # type: ignore[type-abstract]
    with pytest.raises(UsageError, match="lacks decode, encode: it was made for another version"):
        Registry[Codec]("codec", "codecs").register("empty")(Empty)  # type: ignore[type-abstract]
