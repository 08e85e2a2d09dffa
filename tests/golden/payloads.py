"""What codecs and number formats write, and what is read of it."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs import CODECS, Codec, RowUpdate
from fedras.codecs.actions import Actions
from fedras.codecs.codec import decode_all
from fedras.codecs.plain import Plain
from fedras.methods.fedras import FedRAS
from fedras.numbers import NUMBERS
from golden.digests import Parts, built_in, of_array, of_bytes, of_values
from golden.matrices import matrix, some_rows, update

KEY = np.uint64(0x0123456789ABCDEF)
BLAS = {"lowrank", "fixed-basis", "powersgd"}

LIMITS: dict[str, dict[str, Any]] = {
    "plain": {},
    "actions": {"limit": 9},
    "topk": {"k": 3},
    "lowrank": {"rank": 3},
    "fixed-basis": {"rank": 3, "seed": 5},
    "powersgd": {"rank": 3},
    "direction": {"bits": 6},
    "levels": {"most": 200},
}


def coded(codec: Codec, updates: list[RowUpdate], replica: Float32s | None = None) -> Parts:
    """Return the digests of the payloads of a cohort, and of what they say."""
    keys = np.arange(len(updates), dtype=np.uint64) * KEY
    held = np.zeros(updates[0].shape, np.float32) if replica is None else replica
    payloads = codec.beside(held).encode_all(updates, keys)
    read = decode_all(payloads, [held] * len(payloads))
    return {
        "payloads": of_bytes(payload.of_round(3).to_bytes() for payload in payloads),
        "rows": of_bytes(each.rows.tobytes() for each in read),
        "values": of_bytes(each.values.tobytes() for each in read),
    }


def written(numbers: str, values: Float32s) -> Parts:
    """Return the digests of what a number format writes and reads."""
    data = NUMBERS.get(numbers).encode(values, KEY)
    read = NUMBERS.get(numbers).decode(data, values.shape[1])
    return {"bytes": of_bytes([data]), "read": of_array(read)}


def split(n: int, d: int, budget: int, **options: Any) -> Parts:
    """Return the digests of a few rounds of the adaptive splitting of a stream."""
    method, memory, parts = FedRAS.model_validate(options), dict[str, float](), Parts()
    for round_ in range(3):
        one = update(n, d, seed=round_)
        payload, memory = method.compress(one, budget, memory, KEY, KEY + np.uint64(round_))
        parts[f"payload {round_}"] = of_bytes([payload.to_bytes()])
        parts[f"memory {round_}"] = of_values(memory)
    return parts


def odd_matrices() -> dict[str, Float32s]:
    """Matrices with numbers that arithmetic likes least."""
    x = matrix(60, 12)
    few = x[np.arange(60) % 4]
    return {
        "zeros": np.zeros_like(x),
        "minus zeros": np.where(np.arange(60)[:, None] % 3 == 0, -0.0, x).astype(np.float32),
        "equal rows": np.repeat(x[:1], 60, axis=0),
        "four different rows": few,
        "denormal": x * np.float32(1e-41),
        "tiny": x * np.float32(1e-25),
        "huge": x * np.float32(1e30),
        "huge and tiny": x * np.where(np.arange(60)[:, None] % 2 == 0, 1e18, 1e-18).astype("f4"),
    }


def cohort(d: int, size: int = 400) -> list[RowUpdate]:
    """Updates of a cohort whose clients have no, few and many rows."""
    counts = 0, 1, 2, 3, 5, 9, 10, 11, 40, 100, 317, size, 10, 8, 64
    return [update(n, d, size, seed) for seed, n in enumerate(counts)]


K_MEANS = {
    **{f"{n} x {d} to {k}": (n, d, k, 10) for d in (1, 7, 10, 16, 24, 32, 64, 100)
       for n, k in ((90, 8), (200, 17))},
    **{f"300 x 16 to {k}": (300, 16, k, 3) for k in (1, 2, 3, 4, 15, 16, 31, 33, 64, 200, 299)},
    "1400 x 8 to 800, all at once": (1400, 8, 800, 10),
    "1400 x 10 to 760, all at once": (1400, 10, 760, 3),
    "40000 x 7 to 30, by a sample": (40_000, 7, 30, 5),
    "9000 x 16 to 128, all at once": (9000, 16, 128, 10),
    "1600 x 8 to 1100, in cells": (1600, 8, 1100, 5),
    "5000 x 24 to 1300, in cells": (5000, 24, 1300, 5),
}  # fmt: skip
ROWS = {
    "no rows": (0, 1000), "one row": (1, 1000), "the only row": (1, 1), "all rows": (500, 500),
    "half": (500, 1000), "most": (990, 1000), "few of many": (40, 1_000_000),
    "many of many": (30_000, 1_000_000), "some of 65,536": (2000, 65_536),
}  # fmt: skip
SPLITS: dict[str, Callable[[], Parts]] = {
    "200 x 16 to 20": partial(split, 200, 16, 20),
    "200 x 7 to 20 in q8n": partial(split, 200, 7, 20, alpha=0.5, numbers="q8n"),
    "150 x 10 to 8, strict": partial(split, 150, 10, 8, strict=True, iterations=2),
    "1500 x 8 to 1000": partial(split, 1500, 8, 1000),
    "15 x 24 to 20": partial(split, 15, 24, 20),
}


def entries() -> Iterator[tuple[str, bool, Callable[[], Parts]]]:
    """Yield each entry's name, whether BLAS has a say in it, and what makes it."""
    for codec, given in LIMITS.items():
        own = {field.name for field in fields(CODECS.get(codec))}  # type: ignore[arg-type]
        written_in = built_in(NUMBERS) if "numbers" in own else []
        for numbers in written_in:
            make = partial(_cohort, codec, given | {"numbers": numbers}, 10)
            yield f"{codec} in {numbers}", codec in BLAS, make
        for d in (7, 24, 64):
            yield f"{codec} of {d} columns", codec in BLAS, partial(_cohort, codec, given, d)
    for name, values in odd_matrices().items():
        rows = RowUpdate(some_rows(60, 70), values, 70)
        for k in (3, 9, 40):
            yield f"actions, {k} of {name}", False, partial(coded, Actions(k), [rows])
        for numbers in built_in(NUMBERS):
            yield f"{numbers} of {name}", False, partial(written, numbers, values)
    for numbers in built_in(NUMBERS):
        for n, d in ((0, 5), (1, 1), (33, 64), (300, 9)):
            yield f"{numbers} of {n} x {d}", False, partial(written, numbers, matrix(n, d))
    for name, (n, d, k, iterations) in K_MEANS.items():
        yield f"actions, {name}", False, partial(_clustered, n, d, Actions(k, iterations))
    for name, (n, size) in ROWS.items():
        yield f"plain, {name}", False, partial(coded, Plain(), [update(n, 2, size)])
        yield f"actions, {name}", False, partial(coded, Actions(5, 2), [update(n, 2, size)])
    for name, splitting in SPLITS.items():
        yield f"split, {name}", False, splitting


def _cohort(codec: str, given: dict[str, Any], d: int) -> Parts:
    updates = cohort(d)
    return coded(CODECS.get(codec)(**given), updates, matrix(updates[0].size, d, seed=9))


def _clustered(n: int, d: int, codec: Codec) -> Parts:
    return coded(codec, [update(n, d)])
