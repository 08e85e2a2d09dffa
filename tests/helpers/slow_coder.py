"""The entropy coder and what it codes, slowly, in Python integers: the twin of the core's."""

Block = tuple[list[int], list[int]]
"""Symbols, and the bounds of the symbols' shares of 65,536."""


def cumulate(weights: list[int]) -> list[int]:
    shares = [1 + weight * (65536 - len(weights)) // max(1, sum(weights)) for weight in weights]
    shares[weights.index(max(weights))] += 65536 - sum(shares)
    return [sum(shares[:i]) for i in range(len(shares) + 1)]


def encode(*blocks: Block) -> bytes:
    """The bytes of all blocks, of which the first is decoded first."""
    state, out = 1 << 23, b""
    for symbols, bounds in reversed(blocks):
        for symbol in reversed(symbols):
            low, share = bounds[symbol], bounds[symbol + 1] - bounds[symbol]
            while state >= share << 15:
                out = bytes([state & 255]) + out
                state >>= 8
            state = (state // share << 16) + state % share + low
    return state.to_bytes(4, "big") + out


def ascending(values: list[int], limit: int) -> tuple[bytes, Block]:
    """The low bits, packed, and the flags, four to a symbol."""
    n = len(values)
    low = max(0, (limit // (4 * max(1, n))).bit_length() - 1)
    n_flags = n + (limit >> low)
    flags = [0] * (-(-n_flags // 4) * 4)
    for i, value in enumerate(values):
        flags[(value >> low) + i] = 1
    symbols = [sum(flags[i + j] << j for j in range(4)) for i in range(0, len(flags), 4)]
    rest = sum((value & ((1 << low) - 1)) << (low * i) for i, value in enumerate(values))
    return rest.to_bytes((n * low + 7) // 8, "little"), (symbols, flag_bounds(n, n_flags))


def flag_bounds(n: int, n_flags: int) -> list[int]:
    share = n / max(1, n_flags)
    weights = []
    for symbol in range(16):
        weight = 1.0
        for flag in range(4):
            weight *= share if symbol >> flag & 1 else 1 - share
        weights.append(int(weight * 2**40))
    return cumulate(weights)


def rows(n: int, size: int, gaps: list[int], limit: int) -> bytes:
    """A coded set of n rows of ``size``, less their ranks; all fit together in `pack_rows`."""
    rest, flags = ascending(gaps, limit)
    width = -(-(2 * size - 1).bit_length() // 8)
    return (2 * n + 1).to_bytes(width, "little") + rest + encode(flags)


def choices(n: int, most: int, counts: list[int], chosen: list[int], weights: list[int]) -> bytes:
    """Coded choices; ``counts`` ascend to ``most``; all fit together in `pack_choices`."""
    rest, flags = ascending(counts, most)
    width = -(-(2 * n + 1).bit_length() // 8)
    stream = encode(flags, (chosen, cumulate(weights)))
    return (2 * most + 1).to_bytes(width, "little") + rest + stream
