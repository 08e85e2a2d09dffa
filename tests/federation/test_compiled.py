"""A cohort in one call of the core, against the general path: the same bytes and numbers."""

import zlib
from collections.abc import Callable

import numpy as np
import pytest
from helpers.cohorts import cohort, config, histories
from helpers.uploads import BAD
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Int64s, UInt64s
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.actions import Actions
from fedras.codecs.codec import decode_all
from fedras.config import Config
from fedras.core import rounds
from fedras.core.threads import set_threads
from fedras.errors import PayloadError
from fedras.federation import compiled
from fedras.federation.reading import parse_all
from fedras.federation.wire import Traffic, Upload
from fedras.methods.fedras import FedRAS
from fedras.models import Cohort
from fedras.models.mf import MF

N_ITEMS, DIM, LIMIT, ROUND = 60, 5, 4, 130
EDGES = [0, 127, 128, 16_383, 16_384, 2_097_152, 2**31 - 1]  # of what takes fewer bytes
ROOM = 1 << 24

formats = st.sampled_from(rounds.FORMATS)
seeds = st.integers(0, 1000)


def draws(n: int, seed: int = 0) -> UInt64s:
    return np.random.default_rng(seed).integers(0, 2**64, n, np.uint64)


def generally(who: Cohort, options: Config, codecs: list[Actions], round_: int) -> list[bytes]:
    """Train and code client by client, each by the codec of its stream."""
    updates, _ = FedRAS().train(MF(), who, options)
    return [
        codecs[s].encode(update, own).of_round(round_).to_bytes()
        for s, update, own in zip(who.stream, updates, draws(len(who.stream)), strict=True)
    ]


def served(who: Cohort, options: Config, codecs: list[Actions], round_: int) -> list[bytes]:
    own = draws(len(who.stream))
    found = compiled.serve(MF(), FedRAS(), who, options, codecs, own, round_)
    assert found is not None
    return found.payloads


@given(formats, st.integers(1, 40), st.integers(1, 12), st.sampled_from(EDGES), seeds)
def test_a_cohort_sends_the_bytes_of_the_general_path(
    numbers: str, dim: int, limit: int, round_: int, seed: int
) -> None:
    codecs = [Actions(limit, 3, numbers), Actions(2 * limit, 3, numbers)]
    one, other = (cohort(MF(), dim, histories(7, seed=seed), seed=seed) for _ in range(2))
    found = served(one, config(), codecs, round_)
    assert found == generally(other, config(), codecs, round_)
    np.testing.assert_array_equal(one.vectors, other.vectors)
    for data in found:
        assert Payload.from_bytes(data, (N_ITEMS, dim), round_).to_bytes() == data


@pytest.mark.parametrize(("n_items", "dim"), [(127, 127), (128, 128), (255, 256), (66_000, 3)])
@pytest.mark.parametrize("most", [12, 200])
def test_so_it_does_where_lengths_take_more_bytes(n_items: int, dim: int, most: int) -> None:
    liked = histories(4, min(n_items, 20_000), most)
    codecs = [Actions(3), Actions(10_000)]
    one, other = (cohort(MF(), dim, liked, n_items) for _ in range(2))
    assert served(one, config(), codecs, 1) == generally(other, config(), codecs, 1)


def test_threads_do_not_matter() -> None:
    found = []
    for threads in (1, 2, 5):
        set_threads(threads)
        who = cohort(MF(), DIM, histories(40))
        found.append(served(who, config(), [Actions(3), Actions(5)], 0))
    assert found[0] == found[1] == found[2]


def test_who_diverges_is_left_to_the_general_path() -> None:
    who = cohort(MF(), DIM, histories(3), rate=1e30)
    assert compiled.serve(MF(), FedRAS(), who, config(), [Actions(3)] * 2, draws(3), 0) is None


def update(seed: int, n: int) -> RowUpdate:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(N_ITEMS, n, replace=False)).astype(np.int32)
    return RowUpdate(rows, rng.normal(size=(n, DIM)).astype(np.float32), N_ITEMS)


def honest(seed: int, numbers: str, n: int) -> bytes:
    payload = Actions(LIMIT, 3, numbers).encode(update(seed, n), np.uint64(seed))
    return payload.of_round(ROUND).to_bytes()


def compare(data: list[bytes], numbers: str) -> bool:
    """Whether the core read them; if so, so does the general path, and comes to the same."""
    codec, shape = Actions(LIMIT, 3, numbers), (N_ITEMS, DIM)
    uploads, stream = [Upload(each, b"") for each in data], np.zeros(len(data), np.int64)
    traffic, general = Traffic(), Traffic()
    found = compiled.absorb(uploads, [codec], stream, shape, ROUND, ROOM, traffic)
    if found is None:
        assert not traffic.sent
        return False
    payloads = parse_all(data, [codec] * len(data), shape, ROUND)
    for own, wanted in zip(found, decode_all(payloads), strict=True):
        for name in ("rows", "values"):
            np.testing.assert_array_equal(getattr(own, name), getattr(wanted, name))
    general.add_all(data, payloads)
    assert traffic.sent == general.sent
    return True


@given(formats, st.lists(st.tuples(seeds, st.integers(0, N_ITEMS)), min_size=1, max_size=5))
def test_honest_uploads_are_read_as_the_general_path_reads_them(
    numbers: str, clients: list[tuple[int, int]]
) -> None:
    assert compare([honest(seed, numbers, n) for seed, n in clients], numbers)


@pytest.mark.parametrize("round_", EDGES)
@pytest.mark.parametrize(("n_items", "dim"), [(128, 128), (70_000, 3)])
def test_so_they_are_where_numbers_take_more_bytes(n_items: int, dim: int, round_: int) -> None:
    rows = np.arange(n_items, dtype=np.int32)
    values = np.random.default_rng(0).normal(size=(n_items, dim)).astype(np.float32)
    codec = Actions(n_items)
    payload = codec.encode(RowUpdate(rows, values, n_items), np.uint64(0)).of_round(round_)
    upload, only = Upload(payload.to_bytes(), b""), np.zeros(1, np.int64)
    found = compiled.absorb([upload], [codec], only, (n_items, dim), round_, ROOM << 4, Traffic())
    assert found is not None
    np.testing.assert_array_equal(found[0].values, values)


Damage = Callable[[bytes, int, int], bytes]
DAMAGE: dict[str, Damage] = {
    "changed": lambda data, at, octet: data[:at] + bytes([octet]) + data[at + 1 :],
    "more": lambda data, at, octet: data[:at] + bytes([octet]) + data[at:],
    "less": lambda data, at, _: data[:at] + data[at + 1 :],
    "cut": lambda data, at, _: data[:at],
}


@given(
    formats,
    st.integers(0, N_ITEMS),
    st.sampled_from(list(DAMAGE)),
    st.integers(0, 2**16),
    st.integers(0, 255),
    st.booleans(),
    seeds,
)
def test_damaged_uploads_are_refused_or_read_as_the_general_path_reads_them(
    numbers: str, n: int, how: str, at: int, octet: int, mended: bool, seed: int
) -> None:
    """The checksum is mended or not; with an honest upload before it, which then is not read."""
    good = honest(seed, numbers, n)
    bad = DAMAGE[how](good, at % len(good), octet)
    if mended and len(bad) > 4:
        bad = bad[:-4] + zlib.crc32(bad[:-4]).to_bytes(4, "little")
    if not compare([good, bad], numbers):
        return
    assert mended or bad == good


@pytest.mark.parametrize("numbers", rounds.FORMATS)
def test_every_changed_byte_is_seen_by_the_checksum(numbers: str) -> None:
    good = honest(3, numbers, 30)
    for at in range(len(good)):
        assert not compare([DAMAGE["changed"](good, at, good[at] ^ 1 << at % 8)], numbers)


@pytest.mark.parametrize("name", BAD)
def test_what_no_client_writes_is_left_to_the_general_path(name: str) -> None:
    upload, _ = BAD[name]
    only, shape = np.zeros(1, np.int64), (50, 6)
    found = compiled.absorb([upload], [Actions(10)], only, shape, 0, ROOM, Traffic())
    if found is None:
        return
    assert name.startswith("too large")  # numbers are looked at after the average


@pytest.mark.parametrize("numbers", rounds.FORMATS)
def test_of_uploads_cut_anywhere_none_is_read(numbers: str) -> None:
    good = honest(5, numbers, 40)
    for size in range(len(good)):
        with pytest.raises(PayloadError):
            parse_all([good[:size]], [Actions(LIMIT)], (N_ITEMS, DIM), ROUND)
        assert not compare([good[:size]], numbers)


def test_updates_that_are_too_large_together_are_not_read() -> None:
    data = [honest(seed, "f32", N_ITEMS) for seed in range(5)]
    codec, stream = Actions(LIMIT, 3, "f32"), np.zeros(5, np.int64)
    uploads = [Upload(each, b"") for each in data]

    def read(some: list[Upload], which: Int64s, room: int) -> bool:
        shape = N_ITEMS, DIM
        return compiled.absorb(some, [codec], which, shape, ROUND, room, Traffic()) is not None

    needed = next(n for n in range(0, 50_000, 20) if read(uploads, stream, n))
    assert needed > 5 * 4 * N_ITEMS * DIM
    assert read(uploads[:4], stream[:4], needed - 20)
