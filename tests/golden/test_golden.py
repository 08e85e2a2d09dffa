"""Runs and payloads come to what was recorded, bit for bit."""

import numpy as np
import pytest

from fedras.arrays import AnyArray
from fedras.codecs import CODECS
from golden import blas, digests, payloads
from golden.digests import built_in
from golden.entries import Entry, entries

RECORDED = digests.read()
SAME_BLAS = not digests.differing(blas.probe(), RECORDED["blas"])
ENTRIES = list(entries())


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_it_comes_to_what_was_recorded(entry: Entry) -> None:
    if entry.blas and not SAME_BLAS:
        pytest.skip("this BLAS rounds otherwise than the one with which it was recorded")
    found, recorded = entry.make(), RECORDED[entry.section].get(entry.name, {})
    wrong = digests.differing(found, recorded)
    assert not wrong, (
        f"{entry}: {len(wrong)} of {len(found)} parts differ, the first are {wrong[:6]}"
    )


def test_every_entry_has_its_own_name_and_none_is_left_over() -> None:
    names = sorted((entry.section, entry.name) for entry in ENTRIES)
    sections = ((section, RECORDED[section]) for section in ("payloads", "runs"))
    assert names == sorted((section, name) for section, each in sections for name in each)


def test_every_codec_has_entries() -> None:
    assert sorted(payloads.LIMITS) == built_in(CODECS)


def test_a_digest_tells_signs_shapes_and_types_apart_but_not_nans() -> None:
    zero = np.zeros(2, np.float32)
    others: list[AnyArray] = [
        -zero,
        zero[:1],
        zero.reshape(1, 2),
        zero.astype(np.int32),
        zero.astype(np.float64),
    ]
    assert len({digests.of_array(each) for each in [zero, *others]}) == 6
    nan = np.array([np.nan, 1], np.float32)
    assert digests.of_array(nan) == digests.of_array(np.copysign(nan, [-1, 1]).astype(np.float32))
    assert digests.of_bytes([b"ab", b""]) != digests.of_bytes([b"a", b"b"])
