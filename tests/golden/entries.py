"""All entries: what makes each, and whether it depends on BLAS."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from fedras.models import MODELS
from golden import options, payloads, runs
from golden.digests import Parts, built_in


class Entry(NamedTuple):
    """An entry of ``digests.json``.

    Attributes
    ----------
    section, name
        Where it is there.
    blas
        Whether BLAS or LAPACK has a say in it (`golden.blas`).
    make
        Makes its digests.
    """

    section: str
    name: str
    blas: bool
    make: Callable[[], Parts]

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"


def entries() -> Iterator[Entry]:
    """Yield all of them."""
    for name, blas, make in payloads.entries():
        yield Entry("payloads", name, blas, make)
    for name, given, blas in options.entries():
        yield Entry("runs", name, blas, partial(runs.digests, given))
    for model in built_in(MODELS):
        yield Entry("runs", f"nodes, {model}", False, partial(runs.digests_of_nodes, model))
