"""Reading directions and levels, slowly, in NumPy and Python integers: the twin of the core's."""

import numpy as np

from fedras.arrays import Float32s
from fedras.core.training import sigmoid

ONE = 1 << 16
F = np.float32


def bits_of(data: bytes, width: int, n: int) -> list[int]:
    """n integers of so many bits, least significant bit first."""
    whole = int.from_bytes(data, "little")
    return [whole >> width * i & (1 << width) - 1 for i in range(n)]


def unit(data: bytes, width: int, d: int) -> Float32s:
    """The vector of length 1 that whole numbers stand for."""
    numbers = np.array(bits_of(data, width, d), np.int64) - ((1 << width - 1) - 1)
    length = np.sqrt(np.float64((numbers**2).sum()))
    return (numbers / length if length else np.zeros(d)).astype(F)


def dot(a: Float32s, b: Float32s) -> np.float32:
    """Sixteen lanes, folded half by half, and then the rest one by one."""
    whole = len(a) // 16 * 16
    lanes = np.zeros(16, F)
    for i in range(0, whole, 16):
        lanes += a[i : i + 16] * b[i : i + 16]
    eight = lanes[:8] + lanes[8:]
    four = eight[:4] + eight[4:]
    total = (four[0] + four[2]) + (four[1] + four[3])
    for x, y in zip(a[whole:], b[whole:], strict=True):
        total += x * y
    return F(total)


def scale(k: int) -> float:
    return 2.0 ** ((k - 160) / 8) if k else 0.0


class Reader:
    """Reads bits that were coded arithmetically; zeros follow the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4
        self.low, self.high = 0, 2**32 - 1
        self.code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")

    def take(self, p: int) -> bool:
        middle = self.low + ((self.high - self.low) * p >> 16)
        bit = self.code <= middle
        self.low, self.high = (self.low, middle) if bit else (middle + 1, self.high)
        while self.low >> 24 == self.high >> 24:
            octet = self.data[self.at] if self.at < len(self.data) else 0
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = self.high << 8 & 0xFFFFFFFF | 255
            self.code = self.code << 8 & 0xFFFFFFFF | octet
            self.at += 1
        return bit


def number(data: bytes, size: int) -> tuple[int, bytes]:
    """A number of at most `size` as 2 n + 1, and what follows."""
    width = ((2 * size + 1).bit_length() + 7) // 8
    return int.from_bytes(data[:width], "little") >> 1, data[width:]


def reached(replica: Float32s, v: Float32s) -> Float32s:
    return np.array([dot(v, row) for row in replica], F)


def direction(
    vector: bytes, head: bytes, rows: bytes, replica: Float32s
) -> tuple[list[int], list[list[float]]]:
    """The rows of an update of one direction, where both sides are written, and how they move."""
    width, steep, gain, loss, w0, w1 = head
    assert width < 128
    n = len(replica)
    v = unit(vector, width, replica.shape[1])
    z = reached(replica, v)
    squares = float(dot(z, z))
    one = F(8 / np.sqrt(squares / n)) if squares else F(0)
    classes = np.clip(z * one + F(32), 0, 63).astype(int)
    chances = np.array([(c + 0.5) / 8 - 4 for c in range(64)])
    chances = ((-8 + 16 * w0 / 255) * chances + (-16 + 32 * w1 / 255)).astype(F)
    sigmoid(chances)
    table = [min(max(int(float(p) * ONE + 0.5), 24), ONE - 24) for p in chances]
    count, rest = number(rows, n)
    firsts, rest = number(rest, n)
    reader = Reader(rest)
    left, seconds, others = firsts, count - firsts, n - firsts
    share = min(max(seconds * ONE // max(1, others), 1), ONE - 1)
    sides: dict[int, int] = {}
    for i in range(n):
        if reader.take(table[classes[i]]) if 0 < left < n - i else left > 0:
            sides[i] = 1
            left -= 1
            continue
        taken = reader.take(share) if 0 < seconds < others else seconds > 0
        seconds, others = seconds - taken, others - 1
        if taken:
            sides[i] = 2
    s = np.array([F(scale(steep)) * z[i] for i in sides], F)
    sigmoid(s)
    sizes = [
        scale(gain) * (1 - float(share_)) if side == 1 else -scale(loss) * float(share_)
        for side, share_ in zip(sides.values(), s, strict=True)
    ]
    return list(sides), [[size * float(x) for x in v] for size in sizes]


class Chance:
    def __init__(self, p: int) -> None:
        self.p, self.seen = p, 2

    def learn(self, bit: bool) -> None:
        gap = 2 * (ONE - self.p if bit else self.p) // (2 * self.seen + 3)
        self.p = min(max(self.p + gap if bit else self.p - gap, 48), ONE - 48)
        self.seen = min(self.seen + 1, 250)


def levels(vectors: bytes, rows: bytes, replica: Float32s) -> tuple[list[int], list[list[float]]]:
    """The rows of an update in levels, and how they move."""
    n, d = replica.shape
    count, rest = number(rows, n)
    width, step = rest[0], scale(rest[1])
    size = (d * width + 7) // 8
    units = [unit(vectors[at : at + size], width, d) for at in range(0, len(vectors), size)]
    squares = np.array([dot(row, row) for row in replica], F)
    mean = sum(squares.astype(float)) / n
    lengths = [
        min(max(int(np.frexp(float(x) / mean)[1]) + 3, 0), 7) if x > 0 else 0 for x in squares
    ]
    moves = {
        (j, k, f, m): Chance(ONE // 8)
        for j in (0, 1)
        for k in range(8)
        for f in (0, 1)
        for m in (0, 1)
    }
    signs = {(j, k): Chance(ONE // 2) for j in (0, 1) for k in range(7)}
    larger = {(j, k): Chance(ONE // 4) for j in (0, 1) for k in range(6)}
    reader = Reader(rest[2:])

    def take(chance: Chance) -> bool:
        bit = reader.take(chance.p)
        chance.learn(bit)
        return bit

    found = np.zeros((len(units), n), int)
    for j, u in enumerate(units):
        z = reached(replica, u)
        rms = np.sqrt(sum(z.astype(float) ** 2) / n)
        later = int(j > 0)
        for i in range(n):
            reach = sum(abs(float(z[i])) >= edge * rms for edge in (0.3, 0.7, 1.3)) if rms else 0
            reach = 3 - reach if z[i] < 0 else 3 + reach
            moved = int(later and found[j - 1, i] != 0)
            if not take(moves[later, lengths[i], int(reach < 2 or reach > 4), moved]):
                continue
            negative = take(signs[later, reach])
            level = 1
            while take(larger[later, min(level, 6) - 1]):
                level += 1
            found[j, i] = -level if negative else level
    moving = np.flatnonzero(found.any(axis=0)).tolist()
    assert len(moving) == count
    along = np.sign(found) * (np.abs(found) + 0.05) * step * (found != 0)
    return moving, [[float(x) for x in along[:, i] @ np.array(units, float)] for i in moving]
