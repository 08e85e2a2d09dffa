"""How near coded assignments and row sets come to their entropy; prints JSON.

    python benchmarks/entropy.py [--rounds 30]

Sizes in bytes: ``entropy`` is what no code of independent symbols can beat that is told the counts;
``fedras`` is what is sent, counts included. ``constriction`` is the range coder of that library,
which is told the counts for nothing. Times are for encoding and decoding once, in microseconds.
Needs ``constriction`` and ``zstandard``, which fedras does not.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import constriction
import numpy as np
import zstandard

from fedras.arrays import Int32s, Int64s
from fedras.codecs import Part, Payload
from fedras.codecs.codec import decode
from fedras.codecs.packing import (
    pack_choices,
    pack_integers,
    pack_rows,
    unpack_choices,
    unpack_rows,
)
from fedras.components import make_config
from fedras.experiments.task import in_paper
from fedras.federation.simulator import Simulation

Row = dict[str, Any]


def main() -> None:
    """Print one JSON object per line: generated assignments and row sets, then real ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="of FedRAS on ML-100K")
    rounds = parser.parse_args().rounds
    rng = np.random.default_rng(0)
    for n, k in ((640, 8), (640, 52), (1682, 8), (1682, 60), (12_454, 778), (1_000_000, 256)):
        for concentration in (0.5, 1.0, 10.0):
            shares = rng.dirichlet(np.full(k, concentration))
            choices = rng.choice(k, n, p=shares).astype(np.int32)
            print(json.dumps({"dirichlet": concentration} | assignment(choices, k)))
    for n, size in ((640, 1682), (1600, 1682), (500, 12_399), (1000, 1_000_000)):
        rows = np.sort(rng.choice(size, n, replace=False)).astype(np.int32)
        print(json.dumps({"rows": "generated"} | row_set(rows, size)))
    for options in ({"compression_rate": 0.9688}, {"actions": 8, "error_feedback": True}):
        given = {"dataset": "ml-100k", "threads": 1, **options}
        for line in real(given, rounds):
            print(json.dumps(options | line))


def assignment(choices: Int32s, k: int) -> Row:
    """Measure one assignment to ``k`` actions."""
    counts = np.bincount(choices, minlength=k)
    order = np.argsort(-counts, kind="stable")
    choices, counts = np.argsort(order).astype(np.int32)[choices], counts[order]
    data, seconds = _timed(
        lambda: pack_choices(choices, np.array([0, len(choices)]), np.array([k]))[0][0],
        lambda data: unpack_choices([data], [len(choices)], [k]),
    )
    model = constriction.stream.model.Categorical(counts.astype(np.float32), perfect=False)
    peer, peer_seconds = _timed(
        lambda: _range_coded(choices, model),
        lambda data: constriction.stream.queue.RangeDecoder(np.frombuffer(data, np.uint32)).decode(
            model, len(choices)
        ),
    )
    smallest = np.min_scalar_type(k - 1)
    return {
        "n": len(choices),
        "k": k,
        "entropy": _entropy(counts),
        "fedras": len(data),
        "constriction": len(peer),
        "zstandard": len(_zstandard(choices.astype(smallest).tobytes())),
        "fixed_width": len(pack_integers(choices, k)),
        "microseconds": seconds * 1e6,
        "constriction_microseconds": peer_seconds * 1e6,
    }


def row_set(rows: Int32s, size: int) -> Row:
    """Measure one set of rows."""
    bitmap = np.zeros(size, np.bool_)
    bitmap[rows] = True
    packed = np.packbits(bitmap).tobytes()
    data, seconds = _timed(lambda: pack_rows(rows, size), lambda data: unpack_rows(data, size))
    return {
        "n": len(rows),
        "size": size,
        "entropy": _entropy(np.array([len(rows), size - len(rows)])),
        "fedras": len(data),
        "zstandard": len(_zstandard(packed)),
        "bitmap": len(packed),
        "microseconds": seconds * 1e6,
    }


def real(given: Row, rounds: int) -> Iterator[Row]:
    """Run FedRAS; yield the mean over the payloads of the last round, by direction."""
    simulation = Simulation(make_config(in_paper(given)))
    for _ in range(rounds - 1):
        simulation.step()
    server, silo = simulation.server, simulation.silo
    silo.receive(server.broadcast)
    uploads = [upload.items for upload in silo.train(server.select())]
    for direction, sent in (("up", uploads), ("down", list(server.broadcast.items))):
        payloads = [Payload.from_bytes(data, server.items.shape) for data in sent]
        coded = [p for p in payloads if Part.ASSIGNMENTS in p.parts]
        for name, measure in (("assignment", _of_payload), ("rows", _rows_of_payload)):
            lines = [measure(p) for p in (coded if name == "assignment" else payloads)]
            if lines:
                mean = {key: float(np.mean([line[key] for line in lines])) for key in lines[0]}
                yield {"real": f"{name} {direction}", "payloads": len(lines)} | mean


def _of_payload(payload: Payload) -> Row:
    n, k = len(decode(payload).rows), decode(payload).actions
    (choices,) = unpack_choices([payload.part(Part.ASSIGNMENTS)], [n], [k])
    return assignment(choices, k)


def _rows_of_payload(payload: Payload) -> Row:
    return row_set(decode(payload).rows, payload.shape[0])


def _entropy(counts: Int64s) -> float:
    used = counts[counts > 0]
    return float((used * np.log2(used.sum() / used)).sum() / 8)


def _zstandard(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=19).compress(data)


def _range_coded(choices: Int32s, model: Any) -> bytes:
    coder = constriction.stream.queue.RangeEncoder()
    coder.encode(choices, model)
    return bytes(coder.get_compressed().tobytes())


def _timed(encode: Callable[[], bytes], decode: Callable[[bytes], object]) -> tuple[bytes, float]:
    """Return what ``encode`` makes, and the best of some times of encoding and decoding it."""
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        data = encode()
        decode(data)
        best = min(best, time.perf_counter() - start)
    return data, best


if __name__ == "__main__":
    main()
