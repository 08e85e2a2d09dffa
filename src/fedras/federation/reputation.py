"""Which clients the server trusts: those that agreed with the others in the rounds before.

In one round an honest client's update hardly points where the mean of the others does, for every
person has another taste. Over a few rounds it adds up, and what is sent to do harm points away.
After Munoz-Gonzalez et al., Byzantine-Robust Federated Machine Learning through Adaptive Model
Averaging (2019), which also judges clients by cosines over many rounds.
"""

from collections.abc import Sequence

import numpy as np

from fedras.arrays import Bools, Float32s, Float64s, Int64s
from fedras.codecs import RowUpdate
from fedras.core.updates import add_scaled, agreement, row_norms

KEPT = 0.95
"""Of a client's trust, from one upload to its next."""


def judge(
    trust: Float64s,
    cohort: Int64s,
    updates: Sequence[RowUpdate],
    changes: Float32s,
) -> Bools:
    """Learn from a round whom to trust.

    Parameters
    ----------
    trust
        float64[M] of all clients, 0 at first; brought up to date in place. It is the sum of each
        client's agreement with the others, where what is older counts less.
    cohort
        int64[C], who sent something.
    updates
        One of each.
    changes
        float32[C, P], of the scoring model.

    Returns
    -------
    bool[C], whose trust is not negative.
    """
    voters = trust[cohort] >= 0
    seen = _agreements(updates, voters)
    if changes.size:
        first = np.zeros(1, np.int32)
        seen += _agreements([RowUpdate(first, own[None], 1) for own in changes], voters)
    trust[cohort] = KEPT * trust[cohort] + seen
    return np.asarray(trust[cohort] >= 0)


def _agreements(updates: Sequence[RowUpdate], voters: Bools) -> Float64s:
    """Return float64[C], each client's cosine with the sum of the other voters' directions."""
    if not updates:
        return np.zeros(0)
    total = np.zeros(updates[0].shape, np.float64)
    scales = np.zeros(len(updates))
    for c, update in enumerate(updates):
        if not voters[c]:
            continue
        length = np.sqrt((row_norms(update.vectors)[update.chosen] ** 2).sum())
        scales[c] = 1 / length if length else 0.0
        add_scaled(total, update.rows, update.vectors, update.chosen, scales[c])
    seen = [
        agreement(total, update.rows, update.vectors, update.chosen, scale)
        for update, scale in zip(updates, scales, strict=True)
    ]
    return np.array(seen, np.float64)
