"""A method that only names its codecs, of which one leaves out what the replica tells."""

import numpy as np
import pytest
from helpers.small_federation import simulation

from fedras.codecs import Codec
from fedras.codecs.levels import Levels
from fedras.codecs.plain import Plain
from fedras.methods import METHODS, Method


class _Named(Method):
    """A method of another package."""

    citation = "tests"

    def uplink(self, budget: int, shared: object) -> Codec:
        return Plain()

    def downlink(self, budget: int, shared: object) -> Codec:
        return Levels(4000, (1, 2, 4, 6))


def test_what_clients_read_is_what_the_server_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS._components, "named", _Named)
    federation = simulation(method="named", error_feedback=True)
    for _ in range(4):
        result = federation.step()
        assert result.cosine > 0.95
        for stream, replica in zip(
            federation.server.streams, federation.silo.replicas, strict=True
        ):
            assert replica.tobytes() == stream.replica.tobytes()
    lacking = federation.server.items - federation.server.streams[0].replica
    assert np.abs(lacking).max() < 0.02 * np.abs(federation.server.items).max()
