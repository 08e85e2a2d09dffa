"""Decode many hostile payloads of every codec with every number format; prints JSON.

    python benchmarks/fuzz.py [--count 100000] [--codec actions] [--numbers f32]
    python benchmarks/fuzz.py --atheris      # guided by coverage, needs atheris

The first payload that does anything but decode or raise `PayloadError`, or takes too long or too
much memory, is printed in hexadecimal, and the exit status is 1. `CONTRIBUTING.md` says how to let
the compiler's sanitisers watch the core meanwhile; `fuzz/` tries what reads bytes there by itself.
"""

import argparse
import importlib
import json
import resource
import sys
import tempfile
import time
import tracemalloc
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from msgspec.structs import replace

SECONDS = 0.25
"""What one payload may take of the processor."""
RESIDENT = 64 * 2**20
"""By how much the process may grow."""
TRACED = 50
"""Of so many payloads, the allocations of one are traced, which is slow."""


class Found(Exception):  # noqa: N818
    """A payload that did harm."""


def main() -> None:
    """Fuzz and print one JSON object per codec and number format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="payloads per format")
    parser.add_argument("--codec", action="append", help="only this one")
    parser.add_argument("--numbers", action="append", help="only this number format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true", help="be guided by coverage")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    if options.atheris:
        _guided(options)
        return
    fuzzing = importlib.import_module("helpers.fuzzing")
    fuzzing.warm_up()
    try:
        for codec, numbers in _formats(options):
            print(json.dumps(fuzz(fuzzing, codec, numbers, options)), flush=True)
    except Found as error:
        sys.exit(str(error))


def fuzz(fuzzing: ModuleType, codec: str, numbers: str, options: argparse.Namespace) -> Any:
    """Try ``options.count`` payloads of one format and return how it went."""
    good = fuzzing.samples(codec, numbers)
    rng = np.random.default_rng([options.seed, zlib.crc32(f"{codec} {numbers}".encode())])
    resident, start = _resident(), time.perf_counter()
    decoded, slowest, most = 0, 0.0, 0
    for number, data in enumerate(fuzzing.hostile(good, rng, options.count)):
        if number % TRACED == 0:
            tracemalloc.start()
            decoded += _check(fuzzing, data)
            most = max(most, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            if most > fuzzing.ALLOWED:
                raise Found(f"{most} bytes allocated for {data.hex()}")
            continue
        before = time.thread_time()
        decoded += _check(fuzzing, data)
        took = time.thread_time() - before
        slowest = max(slowest, took)
        if took > SECONDS:
            raise Found(f"{took} s for {data.hex()}")
        if _resident() - resident > RESIDENT:
            raise Found(f"the process grew by more than {RESIDENT} bytes with {data.hex()}")
    return {
        "codec": codec,
        "numbers": numbers,
        "payloads": options.count,
        "decoded": decoded,
        "refused": options.count - decoded,
        "seconds": round(time.perf_counter() - start, 1),
        "slowest_ms": round(slowest * 1e3, 2),
        "most_bytes_allocated": most,
        "resident_growth": _resident() - resident,
    }


def _check(fuzzing: ModuleType, data: bytes) -> bool:
    try:
        decoded: bool = fuzzing.check(data)
    except fuzzing.Harm as error:
        raise Found(f"{error}: {data.hex()}") from error
    return decoded


def _formats(options: argparse.Namespace) -> list[tuple[str, str]]:
    from fedras.codecs import CODECS  # noqa: PLC0415 -- after atheris has hooked imports
    from fedras.numbers import NUMBERS  # noqa: PLC0415

    return [
        (codec, numbers)
        for codec in options.codec or CODECS.names()
        for numbers in options.numbers or NUMBERS.names()
    ]


def _resident() -> int:
    """Return the largest number of bytes that the process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _guided(options: argparse.Namespace) -> None:
    """Let libFuzzer mutate the parts of good payloads; it exits by itself, with its own report."""
    import atheris  # noqa: PLC0415 -- optional

    with atheris.instrument_imports(include=["fedras"]):
        fuzzing = importlib.import_module("helpers.fuzzing")
        formats = _formats(options)

    good = [sample for names in formats for sample in fuzzing.samples(*names)]

    def one(data: bytes) -> None:
        sample = good[int.from_bytes(data[:2], "little") % len(good)]
        _check(fuzzing, replace(sample, parts=_split(data[2:], list(sample.parts))).to_bytes())

    with tempfile.TemporaryDirectory() as corpus:
        for number, sample in enumerate(good):
            data = number.to_bytes(2, "little") + _join(list(sample.parts.values()))
            (Path(corpus) / str(number)).write_bytes(data)
        flags = [
            f"-atheris_runs={options.count * len(formats)}",
            "-max_len=4096",
            f"-artifact_prefix={corpus}/",
        ]
        atheris.Setup(["fuzz", *flags, f"-seed={options.seed + 1}", corpus], one)
        atheris.Fuzz()


def _join(parts: list[bytes]) -> bytes:
    """Return what libFuzzer mutates: for each part of a payload its length and its bytes."""
    return b"".join(len(part).to_bytes(2, "little") + part for part in parts)


def _split(data: bytes, names: list[int]) -> dict[int, bytes]:
    """Return the parts of what `_join` returned, as far as it goes."""
    parts = {}
    for name in names:
        size = int.from_bytes(data[:2], "little")
        parts[name], data = data[2 : 2 + size], data[2 + size :]
    return parts


if __name__ == "__main__":
    main()
