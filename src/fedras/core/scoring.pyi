"""Scores of items, ranks, and what they are made of.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
or an index outside an array a ValueError.
"""

from fedras.arrays import Float32s, Int32s, Int64s

def score_all(vectors: Float32s, items: Float32s) -> Float32s:
    """Return float32[B, N]: each user's dot product with each item, summed in a fixed order."""

def score_some(vectors: Float32s, items: Float32s, candidates: Int32s) -> Float32s:
    """Return float32[B, K]: each user's dot product with its own candidates, int32[B, K]."""

def ranks_of(
    scores: Float32s, bounds: Int64s, held_out: Int32s, indptr: Int64s, items: Int32s
) -> Int64s:
    """Return int64[held-out items], how many candidates do not score below each; alters scores.

    User u's are ``held_out[bounds[u]:bounds[u + 1]]``. No candidates are these, and
    ``items[indptr[u]:indptr[u + 1]]``, which score -infinity afterwards.
    """

def first_of(scores: Float32s, k: int) -> Int32s:
    """Return int32[B, k], the items of the largest scores, float32[B, N], the largest first.

    Of equal scores the first item comes first. -1 where fewer than k score more than -infinity;
    NaN does not.
    """

def fading_sums(rows: Float32s, items: Int32s, bounds: Int64s, decay: float) -> Float32s:
    """Return float32[B, d]: of each user the sum of ``decay ** age`` times the row of an item.

    The last item has age 0, the one before it age 1. Added up from the oldest item on.

    Parameters
    ----------
    rows
        float32[N, d].
    items, bounds
        User b has ``items[bounds[b]:bounds[b + 1]]``, the last one at the end.
    decay
        From 0 to 1, rounded to float32; at 1 all items weigh the same.
    """

def score_ncf(
    vectors: Float32s, items: Float32s, network: Float32s, candidates: Int32s
) -> Float32s:
    """Return the logits of NCF, float32[B, K], of each user's candidates, on all threads.

    Parameters
    ----------
    vectors, items
        float32[B, d] and float32[N, d].
    network
        float32[P], the flat network (`NCF.initial_scoring`).
    candidates
        int32[B, K], or int32[1, K] for the same candidates for all users.
    """
