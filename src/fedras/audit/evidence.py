"""What the server sees of each item in one upload: numbers that are larger for a user's items."""

from typing import NamedTuple

import numpy as np

from fedras.arrays import Float32s, Float64s, Int32s
from fedras.audit.draws import Replay, replayed
from fedras.codecs import RowUpdate

KINDS = ("missing", "sure", "passed over", "side", "vote", "bias", "size", "affinity")
"""Columns of the evidence.

- missing: the item is not among the rows;
- sure: it is, and the draw of negatives did not give it (`draws`);
- passed over: the logarithm of how likely the draw is to give an item that the user has, where it
  gave this one; a negative among the rows was drawn for certain;
- side: how far the row moved along the direction in which all of them move, as a multiple of the
  root mean square: users' items move towards the user's vector, negatives away from it;
- vote: on which side of it;
- bias: the same of the last number alone, which is 1 in each user's vector if the model has a bias;
- size: how far the row moved in all;
- affinity: the cosine of that direction with the item's row in the replica, standardised.
"""

ROWS = ("missing", "sure", "passed over")
STEPS = ("side", "vote", "bias", "size", "affinity")

_MOST = 4.0
_ROUNDS = 6


class Seen(NamedTuple):
    """One upload as the server has it.

    Attributes
    ----------
    update
        Decoded: what is to be added to which rows.
    replica
        float32[N, d], what the client started from.
    key
        Of the draw of its negatives.
    biased
        Whether the last number of a user's vector is 1.
    """

    update: RowUpdate
    replica: Float32s
    key: int
    biased: bool


def evidence(seen: Seen) -> Float32s:
    """Return float32[N, `KINDS`] of one upload; that of several is their sum."""
    update = seen.update
    rows, found = update.rows, np.zeros((update.size, len(KINDS)), np.float32)
    there = np.zeros(update.size, np.bool_)
    there[rows] = True
    replay = replayed(seen.key, there)
    found[:, 0] = ~there
    found[:, 1] = there & ~replay.drawn & (replay.length > 0)
    if replay.length:
        found[replay.drawn, 2] = np.log(-np.expm1(-replay.length / update.size))
    if not len(rows):
        return found
    vectors, chosen = update.vectors.astype(np.float64), update.chosen
    direction = _direction(vectors, np.bincount(chosen, minlength=len(vectors)).astype(np.float64))
    along = (vectors @ direction)[chosen]
    if _turned(along, rows, replay):
        along, direction = -along, -direction
    found[rows, 3] = _scaled(along)
    found[rows, 4] = np.sign(along)
    if seen.biased:
        found[rows, 5] = _scaled(vectors[chosen, -1])
    found[rows, 6] = _scaled(np.linalg.norm(vectors, axis=1)[chosen])
    found[:, 7] = _affinity(seen.replica, direction)
    return found


def _direction(vectors: Float64s, counts: Float64s) -> Float64s:
    """Return float64[d], the first right singular vector of rows that take vectors so often."""
    direction: Float64s = vectors[np.argmax(np.linalg.norm(vectors, axis=1))]
    for _ in range(_ROUNDS):
        length = np.linalg.norm(direction)
        if not length:
            break
        direction = (counts * (vectors @ (direction / length))) @ vectors
    return direction / (np.linalg.norm(direction) or 1.0)


def _turned(along: Float64s, rows: Int32s, replay: Replay) -> bool:
    """Return whether the user's items are on the negative side.

    Items that were not drawn are the user's. Without any, the rarer side is taken for theirs: there
    are more negatives.
    """
    drawn = replay.drawn[rows]
    if replay.length and drawn.any() and not drawn.all():
        return bool(along[~drawn].mean() < along[drawn].mean())
    return 2 * int((along > 0).sum()) > len(along)


def _scaled(values: Float64s) -> Float64s:
    """Return values as multiples of their root mean square, at most four."""
    size = float(np.sqrt(np.mean(values**2)))
    return np.clip(values / (size or 1.0), -_MOST, _MOST)


def _affinity(replica: Float32s, direction: Float64s) -> Float64s:
    """Return float64[N], cosines with the replica's rows, less their mean, over their deviation."""
    lengths = np.linalg.norm(replica, axis=1)
    towards = replica @ direction / np.where(lengths > 0, lengths, 1)
    towards = towards - towards.mean()
    return _scaled(towards)
