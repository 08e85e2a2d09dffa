"""Directions: uploads of one direction, and downloads of few within a budget of bytes."""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s
from fedras.codecs import Codec, Payload, RowUpdate
from fedras.codecs.direction import Direction
from fedras.codecs.levels import Levels
from fedras.config import MOST, Config, Option
from fedras.methods.method import METHODS, Memory, Method, require_one_rate

_NUMBERS = (1, 2, 3, 4, 6, 8, 12, 16)
_LEAST = 16
_STEPS = ((75, 8, 0.3), (150, 8, 0.4), (300, 4, 0.6), (450, 4, 0.8), (900, 2, 1.0))
"""Below so many bytes a round: every how many rounds the server speaks, and its step. Chosen on the
validation item of ML-100K (docs/few-bytes.md)."""


@METHODS.register("directions")
class Directions(Method):
    """Action sharing taken further: a client's action is one direction, and sizes are predicted.

    Attributes
    ----------
    bytes
        Of all parts of the server's update by round: where it speaks in each k-th (``every``), it
        says k times as much.
    negatives_from
        ``client``: an upload says which rows moved away from the user. ``server``: the server draws
        them itself, and the rows that an upload names are the user's items and nothing else.
    upload_bytes
        0: a client sends one direction. Else as the server does, in at most so many bytes: for
        models whose updates are not of one direction.
    """

    citation = (
        "The developers of fedras; after Lu et al., Gradients as an Action, KDD 2025, and "
        "Vogels et al., PowerSGD, NeurIPS 2019"
    )
    saves_up = True
    bytes: int = Field(500, ge=_LEAST, le=MOST, description="of the server's update by round")
    negatives_from: Literal["client", "server"] = Field(
        "client", description="server: uploads name the user's items outright, in fewer bytes"
    )
    upload_bytes: int = Field(
        0, ge=0, le=MOST, description="of a client's update, for models of more than one direction"
    )
    direction_bits: int = Field(5, ge=2, le=12, description="bits of each number of a direction")

    def implied(self, config: Config) -> dict[str, Option]:
        """Return that what does not fit waits, and a step and silence that suit the bytes."""
        fitting = ((every, step) for size, every, step in _STEPS if self.bytes < size)
        every, step = next(fitting, (1, 1.0))
        return {"error_feedback": True, "every": every, "server_rate": step}

    def configure(self, config: Config) -> Config:
        """Require one rate, which means nothing: the budget is in bytes."""
        require_one_rate("directions", config)
        return config

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return the bytes of an update."""
        return self.bytes

    def uplink(self, budget: int, shared: np.uint64) -> Codec:
        """Return one direction, or few in as many bytes as clients have."""
        if self.upload_bytes:
            return Levels(self.upload_bytes, _NUMBERS[:4], self.direction_bits)
        return Direction(self.direction_bits, self.negatives_from == "server")

    def downlink(self, budget: int, shared: np.uint64) -> Levels:
        """Return few directions in as many bytes as the server has."""
        return Levels(budget, _NUMBERS, self.direction_bits + 1)

    def compress_beside(
        self,
        replica: Float32s,
        update: RowUpdate,
        budget: int,
        memory: Memory,
        shared: np.uint64,
        key: np.uint64,
    ) -> tuple[Payload, Memory]:
        """Code the update in the number of directions that loses least in these bytes.

        ``memory`` holds the one of last time: that and one of its neighbours are tried.
        """
        codec = self.downlink(budget, shared)
        known = codec.possible(update.shape[1])
        last = int(memory.get("directions", known[0]))
        at = known.index(last) if last in known else 0
        near = max(0, at - 1) if key & np.uint64(1) else min(at + 1, len(known) - 1)
        tried = tuple(sorted({known[at], known[near]}))
        codec = replace(codec, directions=tried, replica=replica)
        payload = codec.encode(update, key)
        return payload, {"directions": float(Levels.count(payload))}
