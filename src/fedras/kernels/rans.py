"""Entropy coding by asymmetric numeral systems, byte by byte (rANS) [1]_ [2]_.

The last symbol is encoded first and decoded last; so bytes are written from the end of a buffer
towards its beginning. Only integers take part: every platform writes the same bytes.

Each symbol waits for the one before, so a processor is idle most of the time that it codes one
stream. Here are many, of which `LANES` take turns, symbol by symbol; nothing branches on what comes
out, which could not be predicted.

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
LANES = 4
_SCALE_BITS = 16
_SCALE = 1 << _SCALE_BITS
_FULL = 23 + 8 - _SCALE_BITS
_FACTOR_BITS = _FULL + 32
_CELLS = 256  # and more than that for more than 64 symbols
_SYMBOL, _SHARE = 15, 17  # bits in a cell

U = np.uint64
_0, _1, _3, _8 = U(0), U(1), U(3), U(8)
Streams = tuple[
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.uint64],
    NDArray[np.int64],
]
"""What `put_all` and `take_all` are given of some streams: symbols, first, last, states, places."""


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
def put_all(
    symbols: NDArray[np.int32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    shares: NDArray[np.int64],
    begins: NDArray[np.int64],
    states: NDArray[np.uint64],
    out: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> None:
    """Encode the symbols of each stream, last one first.

    Parameters
    ----------
    symbols, first, last
        Stream c has ``symbols[first[c]:last[c]]``.
    shares, begins
        ``shares[begins[c]:begins[c + 1]]`` are the bounds that `cumulate` returned for it.
    states, out, places
        uint64[C], each stream's state, and int64[C], where its bytes begin in ``out``: brought up
        to date. There is room for 2 bytes a symbol before that.
    """
    table = np.empty((LANES, _most_symbols(begins), 3), np.uint64)
    for c in range(0, len(first), LANES):
        for lane in range(min(LANES, len(first) - c)):
            _divisors(shares[begins[c + lane] : begins[c + lane + 1]], table[lane])
        streams = symbols, first[c:], last[c:], states[c:], places[c:]
        together = _shortest(first, last, c)
        _put(streams, table, out, 0, LANES, 0, together)
        for lane in range(min(LANES, len(first) - c)):
            _put(streams, table, out, lane, lane + 1, together, last[c + lane] - first[c + lane])


@jit
def _most_symbols(begins: NDArray[np.int64]) -> int:
    """Return the size of the largest alphabet."""
    most = 0
    for c in range(len(begins) - 1):
        most = max(most, begins[c + 1] - begins[c] - 1)
    return most


@jit
def _shortest(first: NDArray[np.int64], last: NDArray[np.int64], c: int) -> int:
    """Return how many symbols each of the `LANES` streams from c on has; 0 for fewer streams."""
    least = last[c] - first[c] if c + LANES <= len(first) else 0
    for lane in range(min(LANES, len(first) - c)):
        least = min(least, last[c + lane] - first[c + lane])
    return least


@jit
def _divisors(bounds: NDArray[np.int64], table: NDArray[np.uint64]) -> None:
    """Write each symbol's share, its reciprocal and its lower bound to uint64[k, 3]."""
    for symbol in range(len(bounds) - 1):
        share = bounds[symbol + 1] - bounds[symbol]
        table[symbol, 0] = U(share)
        table[symbol, 1] = U(((1 << _FACTOR_BITS) + share - 1) // share)
        table[symbol, 2] = U(bounds[symbol])


@jit
def _put(
    streams: Streams,
    table: NDArray[np.uint64],
    out: NDArray[np.uint8],
    lane: int,
    end: int,
    done: int,
    wanted: int,
) -> None:
    """Encode the symbols ``done`` to ``wanted`` - 1, from the last, of the lanes before ``end``."""
    symbols, _, last, states, places = streams
    for i in range(U(done), U(wanted)):
        for k in range(U(lane), U(end)):
            symbol = U(symbols[U(last[k]) - _1 - i])
            share, state, at = table[k, symbol, _0], states[k], U(places[k])
            full = share << U(_FULL)
            octets = U(state >= full) + U(state >= full << _8)
            out[at - _1], out[at - U(2)] = state & U(255), (state >> _8) & U(255)
            state >>= octets << _3
            # The quotient by the share, rounded down: exact, as the state is below ``full``.
            whole = (state * table[k, symbol, _1]) >> U(_FACTOR_BITS)
            states[k] = state + whole * (U(_SCALE) - share) + table[k, symbol, U(2)]
            places[k] = at - octets


@jit
def finish(state: np.uint64, out: NDArray[np.uint8], at: int) -> int:
    """Write the state in 4 bytes, which `start` reads; return where the bytes now begin."""
    for shift in range(0, 8 * STATE_BYTES, 8):
        at -= 1
        out[at] = np.uint8((state >> U(shift)) & U(255))
    return at


@jit
def start(data: NDArray[np.uint8], at: int, end: int) -> np.uint64:
    """Return the state that `finish` wrote at ``at``; 0 where it wrote none, or before ``end``."""
    state = U(0)
    if at + STATE_BYTES <= end:
        for i in range(STATE_BYTES):
            state = (state << _8) | U(data[at + i])
    return state if U(START) <= state < U(START << 8) else U(0)


@jit
def take_all(
    data: NDArray[np.uint8],
    places: NDArray[np.int64],
    states: NDArray[np.uint64],
    shares: NDArray[np.int64],
    begins: NDArray[np.int64],
    symbols: NDArray[np.int32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> None:
    """Decode what `put_all` encoded.

    Parameters
    ----------
    data
        Ends in 2 bytes that belong to no stream. A stream that is not what it seems may read on
        beyond its own bytes: see where its place is at last.
    places, states
        int64[C], where the next byte of each stream is, and uint64[C]: brought up to date.
    shares, begins
        As for `put_all`.
    symbols, first, last
        Out: stream c has ``symbols[first[c]:last[c]]``.
    """
    width, wanted = _SCALE_BITS, max(_CELLS, 4 * _most_symbols(begins))
    while width > 0 and _SCALE >> width < wanted:
        width -= 1
    cells = np.empty((LANES, _SCALE >> width), np.uint64)
    for c in range(0, len(first), LANES):
        for lane in range(min(LANES, len(first) - c)):
            if last[c + lane] > first[c + lane]:
                _cut(shares[begins[c + lane] : begins[c + lane + 1]], width, cells[lane])
        streams = symbols, first[c:], last[c:], states[c:], places[c:]
        tables = cells, U(width), shares, begins[c:]
        together = _shortest(first, last, c)
        _take(streams, tables, data, 0, LANES, 0, together)
        for lane in range(min(LANES, len(first) - c)):
            _take(streams, tables, data, lane, lane + 1, together, last[c + lane] - first[c + lane])


@jit
def _cut(bounds: NDArray[np.int64], width: int, cells: NDArray[np.uint64]) -> None:
    """Write for each 2^``width`` slots the symbol of the first, with its share and lower bound."""
    symbol = 0
    for cell in range(len(cells)):
        while bounds[symbol + 1] <= cell << width:
            symbol += 1
        low, share = U(bounds[symbol]), U(bounds[symbol + 1] - bounds[symbol])
        cells[cell] = (low << U(_SYMBOL + _SHARE)) | (share << U(_SYMBOL)) | U(symbol)


@jit
def _take(
    streams: Streams,
    tables: tuple[NDArray[np.uint64], np.uint64, NDArray[np.int64], NDArray[np.int64]],
    data: NDArray[np.uint8],
    lane: int,
    end: int,
    done: int,
    wanted: int,
) -> None:
    """Decode the symbols ``done`` to ``wanted`` - 1 of the lanes before ``end``."""
    symbols, first, _, states, places = streams
    cells, width, shares, begins = tables
    for i in range(U(done), U(wanted)):
        for k in range(U(lane), U(end)):
            state = states[k]
            slot = state & U(_SCALE - 1)
            cell = cells[k, slot >> width]
            symbol, share = (
                cell & U((1 << _SYMBOL) - 1),
                (cell >> U(_SYMBOL)) & U((1 << _SHARE) - 1),
            )
            above = slot - (cell >> U(_SYMBOL + _SHARE))
            while above >= share:  # seldom: the cell belongs to several symbols
                symbol += _1
                bound = U(begins[k]) + symbol
                above = slot - U(shares[bound])
                share = U(shares[bound + _1] - shares[bound])
            symbols[U(first[k]) + i] = symbol
            state = share * (state >> U(_SCALE_BITS)) + above
            octets = U(state < U(START)) + U(state < U(START >> 8))
            at = U(min(places[k], len(data) - 2))
            word = (U(data[at]) << _8) | U(data[at + _1])
            states[k] = (state << (octets << _3)) | (word >> (U(16) - (octets << _3)))
            places[k] += np.int64(octets)
