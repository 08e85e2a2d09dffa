"""FedRAS: share a few actions instead of the item matrix (Lu et al., KDD 2025)."""

import math
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.actions import Actions, pack_actions
from fedras.codecs.plain import Plain
from fedras.config import MOST, MOST_PASSES, Config, Option
from fedras.core import clustering
from fedras.methods.method import METHODS, Memory, Method


class ActionSharing(Method):
    """K-means actions in both directions: what FedRAS and its ablations have in common.

    Attributes
    ----------
    actions
        C_e as a number that does not depend on the number of items; 0 takes it from the rate.
    iterations
        Of Lloyd's algorithm on the server, at most.
    client_iterations
        The same on a client, whose update has few directions and needs fewer.
    numbers
        As in `Method`, and by default q8n where ``actions`` is given: it is as good there.
    """

    citation = (
        "Lu et al., Gradients as an Action: Towards Communication-Efficient Federated Recommender "
        "Systems via Adaptive Action Sharing, KDD 2025"
    )
    actions: int = Field(
        0, ge=0, le=MOST, description="C_e itself, whatever the compression rate; 0: by rate"
    )
    iterations: int = Field(
        10, ge=1, le=MOST_PASSES, description="iterations of K-means on the server, at most"
    )
    client_iterations: int = Field(
        1, ge=1, le=MOST_PASSES, description="iterations of K-means on a client, at most"
    )

    @model_validator(mode="before")
    @classmethod
    def _few_actions_in_few_bits(cls, given: Any) -> Any:
        return {"numbers": "q8n"} | given if given.get("actions") else given

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return C_e: ``actions``, or N (1 - CR)."""
        return self.actions or super().budget(rate, n_items, dim)

    def most(self, budget: int) -> int:
        """Return how many actions an update of the server may have; a client's has ``budget``."""
        return budget

    def uplink(self, budget: int, shared: np.uint64) -> Actions:
        """Return K-means to ``budget`` actions, used where a client has more rows."""
        return Actions(budget, self.client_iterations, self.numbers)

    def downlink(self, budget: int, shared: np.uint64) -> Actions:
        """Return K-means to ``budget`` actions, used where the server has more rows."""
        return Actions(budget, self.iterations, self.numbers)


class Groups(NamedTuple):
    """How many groups an update has.

    Attributes
    ----------
    fewest
        Of K-means.
    expected, most, threshold
        For `clustering.split`.
    """

    fewest: int
    expected: int
    most: int
    threshold: float


@METHODS.register("fedras")
class FedRAS(ActionSharing):
    """K-means actions up, adaptive cluster-and-split down (paper, section 4).

    Attributes
    ----------
    alpha
        Fluctuation factor: a round uses between C_e (1 - alpha) and C_e (1 + alpha) groups.
    strict
        Whether C_e is the most instead: no round uses more. With several rates it is by default:
        each is a limit then, not an average.
    """

    alpha: float = Field(0.2, gt=0, lt=1, description="fluctuation of the number of groups")
    strict: bool = Field(
        False, description="never more groups than the budget; with several rates: true"
    )

    def implied(self, config: Config) -> dict[str, Option]:
        """Return that rates are limits where there are several and what exceeds them waits.

        Who turns error feedback off has the paper's method as it is.
        """
        waits = config.error_feedback or "error_feedback" not in config.model_fields_set
        strict = config.several_rates and waits
        return super().implied(config) | ({"strict": True} if strict else {})

    def most(self, budget: int) -> int:
        """Return C_m, C_e (1 + alpha), or C_e where that is ``strict``."""
        return budget if self.strict else max(budget, math.floor(budget * (1 + self.alpha)))

    def compress(
        self, update: RowUpdate, budget: int, memory: Memory, shared: np.uint64, key: np.uint64
    ) -> tuple[Payload, Memory]:
        """Cluster into C_i groups, then split up to C_m of them until all are coherent.

        The threshold is the mean, over the rounds before, of the smallest average cosine at C_e
        groups; ``memory`` holds the sum and the number of these records.
        """
        n = len(update.rows)
        if n <= budget:
            return Plain(self.numbers).encode(update, key), memory
        values = np.ascontiguousarray(update.values)
        fewest, expected, most, threshold = self.groups(budget, n, memory)
        _, assignment = clustering.cluster(values, fewest, self.iterations, key)
        assignment, groups, recorded = clustering.split(
            *clustering.directions(values),
            assignment,
            int(assignment.max()) + 1,
            expected,
            most,
            threshold,
        )
        actions = clustering.means(values, assignment, groups)
        coded = pack_actions(update, actions, assignment, self.numbers, key)
        return coded, self.remembered(memory, recorded)

    def groups(self, budget: int, n: int, memory: Memory) -> Groups:
        """Return how many groups an update of ``n`` rows may have; as for `compress`."""
        records = memory.get("records", 0.0)
        return Groups(
            max(1, math.floor(budget * (1 - self.alpha))),
            min(budget, n),
            min(self.most(budget), n),
            memory["sum"] / records if records else math.nan,
        )

    def remembered(self, memory: Memory, recorded: float) -> Memory:
        """Return the memory with another record."""
        records = memory.get("records", 0.0)
        return {"sum": memory.get("sum", 0.0) + recorded, "records": records + 1}
