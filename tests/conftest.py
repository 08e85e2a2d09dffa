"""What all tests share; its place also makes `twin` importable."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from fedras.kernels.jit import set_threads

# The first call of a kernel compiles it, so how long an example takes says nothing.
settings.register_profile("fedras", deadline=None)
settings.load_profile("fedras")


@pytest.fixture(autouse=True)
def _all_threads() -> Iterator[None]:
    """A test that sets the number of threads does so for itself only."""
    yield
    set_threads(None)
