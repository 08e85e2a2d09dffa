"""LightFR: binary codes learnt by discrete optimisation (Zhang et al., TOIS 2023)."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.packing import require_finite
from fedras.codecs.plain import Plain
from fedras.config import MOST_PASSES, Config, NumbersName
from fedras.core import training
from fedras.errors import UsageError
from fedras.methods.method import METHODS, Memory, Method, fit, require_one_rate
from fedras.models import Cohort, Model
from fedras.models.buffers import room_for
from fedras.models.mf import MF

_BYTES_PER_FLOAT = 4
_BITS_PER_BYTE = 8
_MAGNITUDE = np.float32(1 / 8)
"""Of a code's numbers: a power of two, so that equal scores of codes are equal; for NCF, tuned."""


@METHODS.register("lightfr")
class LightFR(Method):
    """Items are codes of 32 d (1 - CR) bits, in whole bytes; clients vote on each bit.

    The server's item matrix adds up the mean votes of all rounds; its signs are the codes, which
    are all that clients receive. They answer with votes of one bit a number: the signs of what
    local training changed, for items drawn in proportion to how much. With MF local training is
    discrete coordinate descent and the user's vector is a code as well (`core.training`); other
    models, whose steps have no closed form, train as ever.

    Attributes
    ----------
    sweeps
        How often a client goes through the bits of its code, at most; MF only.
    """

    citation = (
        "Zhang et al., LightFR: Lightweight Federated Recommendation with Privacy-preserving "
        "Matrix Factorization, ACM Transactions on Information Systems 2023"
    )
    absolute = True
    numbers: NumbersName = Field("bit", description="number format of the codes and votes")
    sweeps: int = Field(
        3,
        ge=1,
        le=MOST_PASSES,
        description="passes over the bits of a user's code, at most (MF)",
        json_schema_extra={"search": "1..6"},
    )

    def configure(self, config: Config) -> Config:
        """Make the embedding dimension the length of the codes."""
        require_one_rate("lightfr", config)
        if config.error_feedback or config.uplink_error_feedback:
            raise UsageError("lightfr sends codes and votes: error feedback does not apply to it")
        longest = config.dim * _BYTES_PER_FLOAT
        possible = [1 - size / longest for size in range(1, longest + 1)]
        size = 1 + fit("lightfr", config.compression_rate, possible)
        return config.model_copy(update={"dim": _BITS_PER_BYTE * size})

    def train(
        self, model: Model, cohort: Cohort, config: Config
    ) -> tuple[Sequence[RowUpdate], Float32s]:
        """Descend on codes where the score is a dot product, else as the model does; then vote."""
        if isinstance(model, MF):
            updates, models = self._descend(cohort, config)
        else:
            updates, models = model.train(cohort, config)
        votes = [_vote(*pair) for pair in zip(updates, cohort.keys, strict=True)]
        return votes, models

    def uplink(self, budget: int, shared: np.uint64) -> Plain:
        """Return plain rows of bits."""
        return Plain(self.numbers)

    def compress(
        self, update: RowUpdate, budget: int, memory: Memory, shared: np.uint64, key: np.uint64
    ) -> tuple[Payload, Memory]:
        """Code the signs of the server's matrix."""
        codes = np.where(update.values < 0, -_MAGNITUDE, _MAGNITUDE)
        return super().compress(update.with_values(codes), budget, memory, shared, key)

    def _descend(self, cohort: Cohort, config: Config) -> tuple[Sequence[RowUpdate], Float32s]:
        """Train the users' codes in one compiled loop (`core.training.train_lightfr`)."""
        updates = room_for(cohort, config)
        training.train_lightfr(
            cohort.vectors,
            cohort.replicas,
            cohort.stream,
            cohort.positives,
            cohort.bounds,
            cohort.keys,
            (config.negatives * config.local_epochs, self.sweeps),
            updates.rows,
            updates.values,
            updates.starts,
            updates.counts,
        )
        return updates, np.zeros((len(cohort.keys), 0), np.float32)


def _vote(update: RowUpdate, key: np.uint64) -> RowUpdate:
    """Return signs of some rows of what training changed."""
    require_finite(update.values)
    kept = training.draw_votes(update.values, key)
    votes = np.where(update.values[kept] < 0, np.float32(-1), np.float32(1))
    return RowUpdate(update.rows[kept], votes, update.size)
