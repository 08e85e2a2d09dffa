"""The halves of a round, each in few calls on all threads: a cohort's work, and the server's."""

from collections.abc import Sequence

import numpy as np

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

def publish(
    rows: Int32s,
    values: Float32s,
    fewest: int,
    expected: int,
    most: int,
    threshold: float,
    iterations: int,
    numbers: str,
    size: int,
    round_: int,
    key: int | np.uint64,
) -> tuple[bytes, float] | None:
    """Code an update by adaptive cluster-and-split, as `methods.fedras.FedRAS.compress` does.

    Parameters
    ----------
    rows, values, size
        int32[n], strictly increasing, and float32[n, d], of a matrix of so many rows; no row is all
        zero.
    fewest, expected, most, threshold
        How many groups K-means makes, and what `clustering.split` does to them.
    iterations
        Of Lloyd's algorithm, at most.
    numbers, round_
        The format of the actions, one of `FORMATS`, and the round that the payload is of.
    key
        The stream of random numbers for clustering and rounding.

    Returns
    -------
    The payload, and the smallest quality at the expected number of groups; None where a number is
    not finite.
    """

def hear(
    data: bytes, size: int, columns: int, round_: int
) -> tuple[Int32s, Float32s, Int32s | None, Int64s] | None:
    """Parse, check and decode one payload that `codecs.actions.Actions` writes.

    Parameters
    ----------
    data
        Its bytes.
    size, columns, round_
        What is expected: shape of the matrix, round.

    Returns
    -------
    The fields ``rows``, ``vectors`` and ``index`` of `codecs.update.RowUpdate`, and the bytes of
    its parts as `absorb` has them. None where it is another payload, be it good or not.
    """
