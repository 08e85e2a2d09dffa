"""Local training of many clients, one after another, and what it draws.

Clients are given side by side: client c hears the item matrix ``stream[c]``, interacted with the
items ``positives[bounds[c]:bounds[c + 1]]``, and draws from its own stream of random numbers
``keys[c]``. What it changes goes to ``rows`` (the touched items, ascending) and ``values`` from
``starts[c]`` on, where there must be room for every item that it can touch, and ``counts[c]`` says
how many there are (`fedras.codecs.Updates`).

An array of another type, order or shape than said is a TypeError, one that does not fit the others
or an index outside an array a ValueError.
"""

from typing import SupportsIndex

from fedras.arrays import Bools, Float32s, Float64s, Int32s, Int64s, UInt64s

def train_mf(
    vectors: Float32s,
    replicas: Float32s,
    span: Float32s,
    stream: Int64s,
    positives: Int32s,
    bounds: Int64s,
    keys: UInt64s,
    settings: tuple[int, int, int, float, float, float, bool],
    shares: Float64s,
    rows: Int32s,
    values: Float32s,
    starts: Int64s,
    counts: Int64s,
) -> None:
    """Minimise the cross-entropy of sigmoid(p.q) by SGD, for each client from its replica.

    The user's vector moves by the mean gradient of a batch, an item's row by the mean over its own
    occurrences in the batch; both shrink by the learning rate times their weight decay at each step
    that moves them.

    Parameters
    ----------
    vectors
        float32[C, d], the clients' private vectors; trained in place.
    replicas
        float32[S, N, d], one item matrix per stream; left as they are.
    span
        float32[S, r, d], the orthonormal directions in which the items of a stream's clients may
        move; r = 0 where they move freely.
    stream, positives, bounds, keys
        int64[C], int32[M], int64[C + 1] and uint64[C]; see above. An item that occurs twice is a
        positive twice.
    settings
        Local epochs, batch size, negatives per positive and epoch, learning rate, weight decay of
        the vectors and of the item rows, and whether the last number of a vector is always 1.
    shares
        float64[C], how much of the weight decay each client's steps take.
    rows, values, starts, counts
        Out: int32[R], float32[R, d], int64[C] and int64[C]; see above.
    """

def train_lightfr(
    vectors: Float32s,
    replicas: Float32s,
    stream: Int64s,
    positives: Int32s,
    bounds: Int64s,
    keys: UInt64s,
    settings: tuple[int, int],
    rows: Int32s,
    values: Float32s,
    starts: Int64s,
    counts: Int64s,
) -> None:
    """Fit each client's code b to its items' codes d, then find how the items should move.

    With y = 1 for a positive and -1 for a sampled negative, the loss is the weighted sum of
    (y - b.d / f)^2; positives and negatives have the same weight in total. Down its slope an item
    moves along (y - b.d / f) b: towards y b, its optimum for this client, by what is still wrong.

    Parameters
    ----------
    vectors
        float32[C, f], of which the signs are the clients' codes; codes of -1 and 1 afterwards.
    replicas
        float32[S, N, f], of which the signs are the items' codes, by stream; left as they are.
    settings
        Negatives per positive, and how often to go through the bits at most.
    stream, positives, bounds, keys, rows, values, starts, counts
        As in `train_mf`; a value is the step of an item.
    """

def draw_votes(step: Float32s, key: SupportsIndex) -> Bools:
    """Return bool[n]: which rows a client votes on, with probability by length, the longest always.

    The expected vote on a row then is in proportion to its step, where numbers are about equally
    large, although a vote has only signs.

    Parameters
    ----------
    step
        float32[n, f], finite.
    key
        The client's stream of random numbers; the counters from 2^63 are used, which local training
        never reaches.
    """

def draw_samples(
    positives: Int32s, negatives: int, key: SupportsIndex, n_items: int
) -> tuple[Int32s, Int32s, int]:
    """Draw ``negatives`` items per positive among those that are no positives.

    Parameters
    ----------
    positives
        int32[m], the client's items; one that occurs twice is a positive twice.
    negatives
        Drawn with replacement, uniformly; none where every item is a positive.
    key
        The client's stream of random numbers; the counters from 0 are used.
    n_items
        How many items there are.

    Returns
    -------
    The samples, int32[m * (1 + negatives)], positives first, as positions among the distinct items;
    these, ascending; and the next unused counter.
    """

def shuffle(order: Int64s, key: SupportsIndex, counter: SupportsIndex) -> int:
    """Shuffle in place (Fisher and Yates); return the next unused counter."""

def sigmoid(x: Float32s) -> None:
    """Make 1 / (1 + exp(-x)) of each of float32[n], in place, within 1e-7."""

def train_ncf(
    vectors: Float32s,
    replicas: Float32s,
    span: Float32s,
    stream: Int64s,
    positives: Int32s,
    bounds: Int64s,
    keys: UInt64s,
    settings: tuple[int, int, int, float, float, float, float],
    shares: Float64s,
    networks: Float32s,
    rows: Int32s,
    values: Float32s,
    starts: Int64s,
    counts: Int64s,
) -> None:
    """Train each client of NCF on its own interactions, as `train_mf` does.

    Parameters
    ----------
    vectors, replicas, span, stream, positives, bounds, keys
        As in `train_mf`.
    settings
        Local epochs, batch size, negatives per positive and epoch, learning rate, weight decay of
        the vectors and of the item rows, learning rate of the network.
    shares
        As in `train_mf`.
    networks
        float32[C, P], each client's flat network (`NCF.initial_scoring`); trained in place.
    rows, values, starts, counts
        Out: the touched rows, ascending, what training added to each, and how many there are, from
        ``starts[c]`` on, where there is room for every item that the client can touch (`Updates`).
    """

ROWS: int
LANES: int
"""The matrices of a product are filled up to multiples of so many rows and columns."""

def product(start: Float32s | None, a: Float32s, b: Float32s, out: Float32s, n: int) -> None:
    """Write ``start`` + a.b to the first ``n`` rows of ``out``, each term fused, in their order.

    Parameters
    ----------
    start
        None, or float32[m], added to each row.
    a, b, out
        float32[>= n, >= k], float32[k, m] and float32[>= n, m]; m is a multiple of `LANES`.
    n
        A multiple of `ROWS`.
    """

def add_outer(a: Float32s, b: Float32s, out: Float32s, n: int) -> None:
    """Add to ``out`` the outer product of each of the first ``n`` rows of ``a`` and of ``b``.

    ``a`` is float32[>= n, >= r], ``b`` float32[>= n, m] and ``out`` float32[r, m], where r is a
    multiple of `ROWS` and m of `LANES`.
    """
