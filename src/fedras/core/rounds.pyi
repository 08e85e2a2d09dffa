"""A cohort's half of a round and the server's reading of it, each in one call on all threads."""

from collections.abc import Sequence

from fedras.arrays import Float32s, Float64s, Int32s, Int64s, UInt64s

FORMATS: tuple[str, ...]
"""The number formats that these calls know."""

def serve_mf(
    vectors: Float32s,
    replicas: Float32s,
    span: Float32s,
    stream: Int64s,
    positives: Int32s,
    bounds: Int64s,
    keys: UInt64s,
    settings: tuple[int, int, int, float, float, float, bool],
    shares: Float64s,
    most: Int64s,
    iterations: int,
    numbers: str,
    round_: int,
    draws: UInt64s,
) -> tuple[list[bytes], float, float] | None:
    """Train clients by matrix factorisation and code their updates by actions.

    Parameters
    ----------
    vectors, replicas, span, stream, positives, bounds, keys, settings, shares
        As for `training.train_mf`; the vectors are trained in place.
    most
        int64[C], how many actions each client may send.
    iterations
        Of Lloyd's algorithm, at most.
    numbers
        The format of the actions, one of `FORMATS`.
    round_
        The round that the payloads are of.
    draws
        uint64[C], each client's stream of random numbers for clustering and rounding.

    Returns
    -------
    Each client's payload, as `codecs.actions.Actions` writes it, and the seconds of training and of
    coding, added up over the threads; None where an update is not finite.
    """

def absorb(
    uploads: Sequence[bytes],
    most: Int64s,
    numbers: str,
    size: int,
    columns: int,
    round_: int,
    room: int,
) -> tuple[Int32s, Int64s, Int32s, Float32s, Int64s, Int64s] | None:
    """Parse, check and decode payloads that `codecs.actions.Actions` writes.

    Parameters
    ----------
    uploads, most
        Of each client, with the number of vectors that it may send, int64[C].
    numbers, size, columns, round_
        What is expected: number format, shape of the matrix, round.
    room
        The most bytes that the updates may take together, counted before they are read.

    Returns
    -------
    The fields of `codecs.update.Joined`, and int64[5]: the bytes of all parts by number from 1 to
    4, -1 where nobody sent such a part, and of the rest. None where any payload is another.
    """
