"""Scores of items for users, ranks and contexts.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
a ValueError.
"""

from fedras.arrays import Float32s, Int32s

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
