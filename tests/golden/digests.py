"""Short digests of what a run makes, and the file that keeps them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fedras.arrays import AnyArray
from fedras.registry import Registry

FILE = Path(__file__).parent / "digests.json"

Parts = dict[str, str]
"""The digest of each part of an entry, in the order in which the parts are made."""


def of_bytes(data: Iterable[bytes]) -> str:
    """Return the digest of some bytes, and of where one ends and the next begins."""
    digest = hashlib.blake2b(digest_size=4)
    for each in data:
        digest.update(len(each).to_bytes(8, "little") + each)
    return digest.hexdigest()


def of_array(array: AnyArray) -> str:
    """Return the digest of dtype, shape and numbers.

    Every NaN counts as the same: which one an invalid operation gives is the processor's choice.
    """
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return of_bytes([str(plain.dtype).encode(), str(plain.shape).encode(), plain.tobytes()])


def of_values(values: Any) -> str:
    """Return the digest of what JSON can hold; floats count with all their digits."""
    return of_bytes([json.dumps(values, sort_keys=True).encode()])


def of_metrics(values: Any) -> str:
    """Return the same to twelve digits: logarithms may differ in the last one between machines."""
    return of_values(json.loads(json.dumps(values), parse_float=lambda text: f"{float(text):.12g}"))


def built_in(registry: Registry[Any]) -> list[str]:
    """Return the names of a registry's components that are fedras's own."""
    names = registry.names()
    return [name for name in names if registry.get(name).__module__.startswith("fedras.")]


def differing(found: Mapping[str, str], recorded: Mapping[str, str]) -> list[str]:
    """Return the names of the parts that are not alike, in the order in which they are made."""
    names = [*found, *(name for name in recorded if name not in found)]
    return [name for name in names if found.get(name) != recorded.get(name)]


def write(content: Mapping[str, Any]) -> None:
    """Write the file, an entry to a line."""
    sections = []
    for section, entries in content.items():
        lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in entries.items())
        sections.append(f" {json.dumps(section)}: {{\n{lines}\n }}")
    FILE.write_text("{\n" + ",\n".join(sections) + "\n}\n", "utf-8")


def read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return content
