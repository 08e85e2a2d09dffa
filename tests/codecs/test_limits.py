"""What a codec makes keeps its own limit, and what one with a larger limit makes does not."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.codec_samples import UPDATES, make, update

from fedras.codecs import CODECS, Codec
from fedras.codecs.actions import Actions
from fedras.codecs.fixed_basis import FixedBasis
from fedras.codecs.lowrank import LowRank
from fedras.codecs.plain import Plain
from fedras.codecs.powersgd import PowerSGD
from fedras.codecs.topk import TopK

KEY = np.uint64(1)


@pytest.mark.parametrize("codec", CODECS.names())
@pytest.mark.parametrize("kind", UPDATES)
def test_a_codec_allows_what_it_makes(codec: str, kind: str) -> None:
    coder = make(codec)
    assert coder.allows(coder.encode(UPDATES[kind], KEY))


@pytest.mark.parametrize(
    ("coder", "field"),
    [
        (Actions(3), "limit"),
        (LowRank(2), "rank"),
        (PowerSGD(2), "rank"),
        (FixedBasis(2, 7), "rank"),
        (TopK(2), "k"),
    ],
    ids=lambda value: value.name if isinstance(value, Codec) else "",
)
def test_one_more_than_the_limit_is_too_much(coder: Codec, field: str) -> None:
    everything = update(list(range(60)), 60, columns=16)
    larger = replace(coder, **{field: getattr(coder, field) + 1})  # type: ignore[type-var]
    assert coder.allows(coder.encode(everything, KEY))
    assert not coder.allows(larger.encode(everything, KEY))
    assert not coder.allows(Plain().encode(everything, KEY))
    assert Plain().allows(Plain().encode(everything, KEY))
