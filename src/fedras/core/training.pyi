"""Local training, one client after another.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
a ValueError.
"""

from fedras.arrays import Float32s, Float64s, Int32s, Int64s, UInt64s

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
