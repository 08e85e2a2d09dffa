"""Row sets, choices and small integers as bytes, and the entropy coder that they share.

The coder is rANS (Duda, arXiv:1311.2540, 2013; streams take turns as in Giesen, arXiv:1402.3392,
2014), on integers alone, so that every platform writes the same bytes. What reads bytes believes
nothing of them. An array of another type or order than said is a TypeError; values or bounds that
are not as said are a ValueError.
"""

from collections.abc import Sequence

from fedras.arrays import Bools, Float32s, Int32s, Int64s

MOST_SYMBOLS: int
"""The largest alphabet: a symbol's frequency is a multiple of 1 / 65,536, and none is 0."""

LANES: int
"""So many streams take turns."""

def pack_bits(values: Int32s, width: int) -> bytes:
    """Return ceil(n * width / 8) bytes: int32[n] of values below 2^width, width <= 32.

    Each takes ``width`` bits, least significant bit first.
    """

def unpack_bits(data: bytes, n: int, width: int) -> Int32s:
    """Return the int32[n] that `pack_bits` packed; ValueError for fewer bytes than that takes."""

def pack_row_sets(rows: Int32s, starts: Int64s, counts: Int64s, size: int) -> list[bytes]:
    """Return bytes for each set ``rows[starts[c]:starts[c] + counts[c]]``.

    The rows of a set are strictly increasing in [0, size), size < 2^31. No bytes are the set of all
    rows. Else it is the shorter of two: a first byte of 0 announces a bitmap of all rows; an odd
    one begins 2 n + 1 for n rows, little endian, and there follow the packed low bits of the row
    numbers less their ranks, and the coder's bytes (`pack_ascending`).
    """

def count_rows(data: Sequence[bytes], size: int) -> Int64s:
    """Return int64[C], how many rows each set says it has, at most ``size``; -1 where it is none.

    Nothing is decoded.
    """

def unpack_row_sets(data: Sequence[bytes], size: int) -> tuple[Int32s, Int64s, Bools]:
    """Read what `pack_row_sets` wrote.

    Returns
    -------
    The rows of all sets one after another, int32[n]; where each set's begin, int64[C + 1]; and
    bool[C], whether the bytes are a set: the rows of what is none mean nothing.
    """

def pack_choices(choices: Int32s, bounds: Int64s, ks: Int64s) -> tuple[list[bytes], Int64s]:
    """Write ``choices[bounds[c]:bounds[c + 1]]``, each in [0, ks[c]), renamed by frequency.

    What is the most frequent becomes 0: names are free, and counts that do not increase take less
    room than the same counts in any order. The bytes are the shorter of two: a first byte of 0
    announces choices in as many bits as the largest needs; an odd one begins 2 n + 1 for the count
    n of the most frequent choice, and there follow the packed low bits of all counts in ascending
    order, and the coder's bytes: the counts' flags (`pack_ascending`), then the choices.

    Returns
    -------
    The bytes of each, and int64[sum of ks], for each the old name of each new one; of equals the
    smallest first.
    """

def unpack_choices(data: Sequence[bytes], ns: Int64s, ks: Int64s) -> tuple[Int32s, Int64s, Bools]:
    """Read ``ns[c]`` choices among ``ks[c]`` from what `pack_choices` wrote, as it renamed them.

    Returns
    -------
    All choices one after another, int32[n]; where each part begins, int64[C + 1]; and bool[C],
    whether the bytes are so many choices: those of others mean nothing.
    """

def cumulate(weights: Int64s) -> Int64s:
    """Return int64[k + 1], the bounds of the symbols' shares of 65,536, after int64[k] weights.

    Each share is at least 1; what rounding leaves over goes to the largest weight, of equals the
    first. Weights are in [0, 2^46).
    """

def pack_symbols(symbols: Int32s, bounds: Int64s, shares: Int64s) -> list[bytes]:
    """Return the coder's bytes for each stream ``symbols[bounds[c]:bounds[c + 1]]``.

    ``shares`` is what `cumulate` returned. The last symbol is encoded first, and the state of the
    coder, 4 bytes, stands in front.
    """

def unpack_symbols(
    data: Sequence[bytes], ns: Int64s, shares: Int64s
) -> tuple[Int32s, Int64s, Bools]:
    """Read ``ns[c]`` symbols from each of what `pack_symbols` wrote.

    Returns
    -------
    All symbols, where each stream's begin, and bool[C], whether they use up their bytes.
    """

def pack_ascending(values: Int32s, bounds: Int64s, limit: int) -> list[bytes]:
    """Return bytes for each ``values[bounds[c]:bounds[c + 1]]``, not decreasing, in [0, limit].

    The Elias-Fano code (Elias, Journal of the ACM 21(2), 1974): the low bits as they are, the rest
    in unary, all values in one string of flags, of which as many are set as there are values. The
    flags are coded four at a time, at the rate that this share allows.
    """

def unpack_ascending(data: Sequence[bytes], ns: Int64s, limit: int) -> tuple[Int32s, Int64s, Bools]:
    """Read ``ns[c]`` values from each of what `pack_ascending` wrote.

    Returns
    -------
    All values, where each stream's begin, and bool[C], whether the bytes are such values.
    """

def pack_directions(
    rows: Int32s,
    values: Float32s,
    starts: Int64s,
    counts: Int64s,
    replica: Float32s,
    bits: int,
    drawn: bool,
) -> list[tuple[bytes, bytes, bytes] | None]:
    """Code each update ``rows[starts[c]:starts[c] + counts[c]]`` in one direction.

    v is a vector of length 1, and z_i = v . r_i with the row of the replica. A row i moves by c_i
    v, which is predicted: c_i = g (1 - s_i) for rows of the first side, -h s_i for those of the
    second, s_i = 1 / (1 + exp(-a z_i)), as do the steps of the logistic loss of a dot product. The
    gains g and h keep the sum of either side.

    Parameters
    ----------
    rows, values
        int32[m], strictly increasing for each update, and float32[m, d].
    replica
        float32[N, d], what the receiver holds.
    bits
        Of each number of v, 2 to 12.
    drawn
        Whether the second side is left to the receiver, who draws as many rows from those that are
        not on the first.

    Returns
    -------
    For each: v, in whole numbers of so many bits; ``bits`` + 128 if ``drawn``, a, g, h as 2^((k -
    160) / 8), w0 as -8 + 16 k / 255 and w1 as -16 + 32 k / 255, a byte each; and the rows: how many
    (`pack_row_sets`), how many of the first side, and arithmetic-coded, row by row, whether it is
    on the first side, with probability 1 / (1 + exp(-(w0 x + w1))), x = z_i by its root mean
    square in 64 classes of 1 / 8, and if not, unless ``drawn``, whether on the second. None where a
    number is not finite.
    """

def unpack_directions(
    vectors: Sequence[bytes], heads: Sequence[bytes], rows: Sequence[bytes], replica: Float32s
) -> tuple[Int32s, Float32s, Int64s, Bools]:
    """Read what `pack_directions` wrote beside the same replica.

    Returns
    -------
    The rows of all updates, int32[n]; how they move, float32[n, d]; where each update begins,
    int64[C + 1]; and bool[C], whether the bytes are such an update: the others have no rows.
    """

def pack_levels(
    rows: Int32s,
    values: Float32s,
    replica: Float32s,
    directions: Int64s,
    bits: int,
    most: int,
) -> tuple[bytes, bytes, float] | None:
    """Code an update in few directions and whole multiples of one step within some bytes.

    Directions are eigenvectors of X'X, by power iteration and one after another. What is below .65
    of the step is zero; other multiples stand for themselves and .05 more. The step is the finest
    of 2^((k - 160) / 8) that keeps the bytes, or the coarsest.

    Parameters
    ----------
    rows, values
        int32[n], strictly increasing, and float32[n, d].
    replica
        float32[N, d], what the receiver holds.
    directions
        int64[r], numbers of directions to try.
    bits
        Of each number of a direction, 2 to 12.
    most
        Bytes of both parts together, if the coarsest step keeps them.

    Returns
    -------
    The directions in whole numbers of so many bits; the rows: how many move (`pack_row_sets`), a
    byte each for ``bits`` and k, and the levels of all N rows, direction by direction,
    arithmetic-coded with chances that are learnt: whether it is zero, by how long the replica's row
    is, how far it reaches along the direction and whether the row moved along the one before; its
    sign, by how far it reaches; and whether it is larger still. And about what is lost: a sum of
    squares. None where a number is not finite.
    """

def count_level_directions(vectors: bytes, rows: bytes, size: int, columns: int) -> int:
    """Return how many directions the bytes of `pack_levels` hold, by their lengths; -1 if none."""

def unpack_levels(vectors: bytes, rows: bytes, replica: Float32s) -> tuple[Int32s, Float32s] | None:
    """Read int32[n] and float32[n, d] from what `pack_levels` wrote; None if it did not."""
