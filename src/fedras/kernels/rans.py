"""Entropy coding by asymmetric numeral systems, byte by byte (rANS) [1]_ [2]_.

The last symbol is encoded first and decoded last; so bytes are written from the end of a buffer
towards its beginning. Only integers take part: every platform writes the same bytes.

References
----------
.. [1] J. Duda, Asymmetric numeral systems, arXiv:1311.2540, 2013.
.. [2] F. Giesen, Interleaved entropy coders, arXiv:1402.3392, 2014.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

MOST_SYMBOLS = 1 << 14
"""The largest alphabet: a symbol's frequency is a multiple of 1 / 65,536, and none is 0."""

START = 1 << 23
"""The state before the first symbol, and the lowest that any has."""

STATE_BYTES = 4
_SCALE_BITS = 16
_SCALE = 1 << _SCALE_BITS
_FULL = 23 + 8 - _SCALE_BITS
_FACTOR_BITS = _FULL + 32


@jit
def cumulate(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[k + 1], the bounds of the symbols' shares of 65,536, after int64[k] weights.

    Each share is at least 1; what rounding leaves over goes to the largest weight.
    """
    k = len(weights)
    total, largest = np.int64(0), 0
    for i in range(k):
        total += weights[i]
        if weights[i] > weights[largest]:
            largest = i
    share = np.empty(k, np.int64)
    left = np.int64(_SCALE)
    for i in range(k):
        share[i] = 1 + weights[i] * (_SCALE - k) // max(total, 1)
        left -= share[i]
    share[largest] += left
    bounds = np.zeros(k + 1, np.int64)
    for i in range(k):
        bounds[i + 1] = bounds[i] + share[i]
    return bounds


@jit
def put(
    symbols: NDArray[np.int32],
    bounds: NDArray[np.int64],
    state: np.int64,
    out: NDArray[np.uint8],
    at: int,
) -> tuple[np.int64, int]:
    """Encode int32[n] of symbols whose shares `cumulate` returned, last one first.

    Returns the new state, and where the bytes now begin in ``out``; they did at ``at``. A symbol
    takes at most 2 bytes.
    """
    share, factor = np.diff(bounds), np.empty(len(bounds) - 1, np.int64)
    for symbol in range(len(share)):
        factor[symbol] = ((1 << _FACTOR_BITS) + share[symbol] - 1) // share[symbol]
    for i in range(len(symbols) - 1, -1, -1):
        symbol = symbols[i]
        while state >= share[symbol] << _FULL:
            at -= 1
            out[at] = np.uint8(state & 255)
            state >>= 8
        # The quotient by the share, rounded down: exact, as the state is below share << _FULL.
        whole = (state * factor[symbol]) >> _FACTOR_BITS
        state += whole * (_SCALE - share[symbol]) + bounds[symbol]
    return state, at


@jit
def finish(state: np.int64, out: NDArray[np.uint8], at: int) -> int:
    """Write the state in 4 bytes, which `start` reads; return where the bytes now begin."""
    for shift in range(0, 8 * STATE_BYTES, 8):
        at -= 1
        out[at] = np.uint8((state >> shift) & 255)
    return at


@jit
def start(data: NDArray[np.uint8], at: int) -> tuple[np.int64, int]:
    """Return the state that `finish` wrote at ``at``, and where the next byte is.

    The place is -1 where ``data`` is too short, here and in `take`, which goes on from there.
    """
    state = np.int64(0)
    if at < 0 or at + STATE_BYTES > len(data):
        return state, -1
    for i in range(STATE_BYTES):
        state = (state << 8) | np.int64(data[at + i])
    return state, at + STATE_BYTES if START <= state < START << 8 else -1


@jit
def take(
    data: NDArray[np.uint8],
    at: int,
    state: np.int64,
    bounds: NDArray[np.int64],
    symbols: NDArray[np.int32],
) -> tuple[np.int64, int]:
    """Decode as many symbols as int32[n] holds; return the new state and the next place."""
    if at < 0:
        return state, -1
    cells, width = _cells(bounds)
    for i in range(len(symbols)):
        slot = state & (_SCALE - 1)
        symbol = cells[slot >> width]
        while bounds[symbol + 1] <= slot:
            symbol += 1
        symbols[i] = symbol
        share = bounds[symbol + 1] - bounds[symbol]
        state = share * (state >> _SCALE_BITS) + slot - bounds[symbol]
        while state < START:
            if at == len(data):
                return state, -1
            state = (state << 8) | np.int64(data[at])
            at += 1
    return state, at


@jit
def _cells(bounds: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Cut the slots into cells of 2^width, four or more a symbol.

    Returns the symbol that each cell's first slot belongs to, and the width.
    """
    width = 10
    while width > 0 and _SCALE >> width < 4 * (len(bounds) - 1):
        width -= 1
    cells = np.empty(_SCALE >> width, np.int64)
    symbol = 0
    for cell in range(len(cells)):
        while bounds[symbol + 1] <= cell << width:
            symbol += 1
        cells[cell] = symbol
    return cells, width
