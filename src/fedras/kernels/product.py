"""Small matrix products at the speed of the processor's fused multiply-adds.

A tile of the result stays in registers while all its terms are added, which compilers do not
arrange by themselves. So a tile is written as vector instructions: LLVM turns them into whatever
the processor has. A fused multiply-add is rounded once, and each number is the sum of its terms in
their order: the bits are the same on every machine, whatever the size of its vectors.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.lanes import LANES, spread

ROWS = 8  # of a tile

cg: Any = cgutils
_FLOAT, _BYTE, _INDEX = ir.FloatType(), ir.IntType(8), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_FLOAT_BYTES = 4


@jit
def zeros(rows: int, columns: int) -> NDArray[np.float32]:
    """Return float32 zeros, filled up to multiples of `ROWS` and `LANES`.

    They start where a vector may: one across two lines of the cache takes twice as long to load.
    """
    rows, columns = rows + -rows % ROWS, columns + -columns % LANES
    room = np.zeros(rows * columns + LANES, np.float32)
    first = -(room.ctypes.data // _FLOAT_BYTES) % LANES
    return room[first : first + rows * columns].reshape(rows, columns)


@jit
def product(
    start: NDArray[np.float32] | None,
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    out: NDArray[np.float32],
    n: int,
) -> None:
    """Write ``start`` + a.b to the first ``n`` rows of ``out``.

    Parameters
    ----------
    start
        None, or float32[m], added to each row.
    a, b, out
        float32[>= n, >= k], float32[k, m] and float32[>= n, m]; m is a multiple of `LANES`.
    n
        A multiple of `ROWS`. To cut the matrices would cost as much as a small product.
    """
    terms, width = b.shape
    for row in range(0, n, ROWS):
        for column in range(0, width - LANES, 2 * LANES):
            _write_wide(start, a, b, out, row, column, terms)
        if width % (2 * LANES):
            _write_narrow(start, a, b, out, row, width - LANES, terms)


@jit
def add_outer(
    a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32], n: int
) -> None:
    """Add to ``out`` the outer product of each of the first ``n`` rows of ``a`` and of ``b``.

    ``a`` is float32[>= n, >= r], ``b`` float32[>= n, m] and ``out`` float32[r, m], where r is a
    multiple of `ROWS` and m of `LANES`.
    """
    rows, width = out.shape
    for row in range(0, rows, ROWS):
        for column in range(0, width - LANES, 2 * LANES):
            _add_wide(out, a, b, out, row, column, n)
        if width % (2 * LANES):
            _add_narrow(out, a, b, out, row, width - LANES, n)


def _tile(vectors: int, turned: bool) -> Any:
    """Return a function that writes `ROWS` rows and so many vectors of columns of ``out``.

    It writes the start and what terms of the product add to it, where ``a`` may be turned.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, a, b, out = (
            _Matrix(context, builder, kind, value)
            for kind, value in zip(signature.args[:4], arguments[:4], strict=True)
        )
        row, column, terms = arguments[4:]
        rows = [builder.add(row, _INDEX(r)) for r in range(ROWS)]
        columns = [builder.add(column, _INDEX(v * LANES)) for v in range(vectors)]
        cells = [(r, c) for r in rows for c in columns]
        sums = [cg.alloca_once(builder, _VECTOR) for _ in cells]
        for cell, total in zip(cells, sums, strict=True):
            builder.store(start.load(*cell, _VECTOR), total)
        with cg.for_range(builder, terms) as loop:
            k = loop.index
            right = [b.load(k, c, _VECTOR) for c in columns]
            places = [(k, r) if turned else (r, k) for r in rows]
            left = [spread(builder, a.load(*place, _FLOAT), _VECTOR) for place in places]
            factors = [(x, y) for x in left for y in right]
            for (x, y), total in zip(factors, sums, strict=True):
                builder.store(_fused(builder, x, y, builder.load(total)), total)
        for cell, total in zip(cells, sums, strict=True):
            builder.store(builder.load(total), out.address(*cell, _VECTOR), align=_FLOAT_BYTES)
        return context.get_dummy_value()

    @intrinsic
    def write_tile(
        _typing: Any, start: Any, a: Any, b: Any, out: Any, _row: Any, _column: Any, _terms: Any
    ) -> Any:
        return types.void(start, a, b, out, types.intp, types.intp, types.intp), generate

    return write_tile


class _Matrix:
    """An array in C order. None is all zeros, and one dimension is the same in each row."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self._builder, self._zeros = builder, isinstance(kind, types.NoneType)
        if not self._zeros:
            array = context.make_array(kind)(context, builder, value)
            self._start = builder.bitcast(array.data, _BYTE.as_pointer())
            strides = cg.unpack_tuple(builder, array.strides)
            self._row_bytes = strides[0] if kind.ndim == 2 else _INDEX(0)

    def address(self, row: Any, column: Any, kind: Any) -> Any:
        """Return where the number or vector of that type begins."""
        down = self._builder.mul(row, self._row_bytes)
        along = self._builder.mul(column, _INDEX(_FLOAT_BYTES))
        place = self._builder.gep(self._start, [self._builder.add(down, along)])
        return self._builder.bitcast(place, kind.as_pointer())

    def load(self, row: Any, column: Any, kind: Any) -> Any:
        if self._zeros:
            return kind(None)
        return self._builder.load(self.address(row, column, kind), align=_FLOAT_BYTES)


def _fused(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x y + z, rounded once."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    fma = cg.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")
    return builder.call(fma, [x, y, z])


_write_wide, _write_narrow = _tile(2, False), _tile(1, False)
_add_wide, _add_narrow = _tile(2, True), _tile(1, True)
