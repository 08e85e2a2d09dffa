"""Arithmetic on vectors of some dozens of numbers, sixteen at a time, for compiled code.

The compiler vectorises long loops well, but not these: it adds the terms of a sum one by one,
because strict floating point (`jit`) forbids anything else, and it makes loops for hundreds of
elements out of loops over 32. Here sixteen elements go side by side, and what does not fill sixteen
lanes follows one by one. Processors with narrower registers do the same in several steps, with the
same bits.

In a sum lane l adds up the terms l, l + 16, l + 32 and so on; then the upper half of the lanes is
added to the lower half until one is left, and then the rest of the terms.
"""

from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic
from numpy.typing import NDArray

cg: Any = cgutils
LANES = 16
_FLOAT, _INT, _SHORT = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_WIDE = ir.VectorType(_FLOAT, LANES)

Vector = NDArray[np.float32]
Term = Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]


def _sum_of(term: Term) -> Callable[[Vector, Vector], np.float32]:
    """Return the sum of ``term`` over two vectors, as a function for compiled code."""

    def generate(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        (a, n), (b, _) = (_open(context, build, *x) for x in zip(signature.args, args, strict=True))
        lanes = cg.alloca_once_value(build, ir.Constant(_WIDE, [0.0] * LANES))
        total = cg.alloca_once_value(build, ir.Constant(_FLOAT, 0.0))

        def add(kind: ir.Type, i: ir.Value) -> None:
            into = lanes if kind is _WIDE else total
            more = term(build, _load(build, a, i, kind), _load(build, b, i, kind))
            build.store(build.fadd(build.load(into), more), into)

        def fold() -> None:
            build.store(_fold(build, build.load(lanes)), total)

        _sweep(build, n, add, fold)
        return build.load(total)

    @intrinsic
    def total(_typing: Any, a: Any, b: Any) -> Any:
        _require_vectors(a, b)
        return types.float32(a, b), generate

    return cast(Callable[[Vector, Vector], np.float32], total)


@intrinsic
def _combine(_typing: Any, out: Any, _a: Any, x: Any, _b: Any, y: Any) -> Any:
    _require_vectors(out, x, y)

    def generate(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        (target, n), (left, _), (right, _) = (
            _open(context, build, signature.args[k], args[k]) for k in (0, 2, 4)
        )

        def write(kind: ir.Type, i: ir.Value) -> None:
            one = build.fmul(spread(build, args[1], kind), _load(build, left, i, kind))
            other = build.fmul(spread(build, args[3], kind), _load(build, right, i, kind))
            build.store(build.fadd(one, other), _place(build, target, i, kind), align=4)

        _sweep(build, n, write)
        return context.get_dummy_value()

    return types.none(out, types.float32, x, types.float32, y), generate


@intrinsic
def _copy(_typing: Any, out: Any, x: Any) -> Any:
    _require_vectors(out, x)

    def generate(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        (target, n), (source, _) = (
            _open(context, build, *pair) for pair in zip(signature.args, args, strict=True)
        )

        def write(kind: ir.Type, i: ir.Value) -> None:
            build.store(_load(build, source, i, kind), _place(build, target, i, kind), align=4)

        _sweep(build, n, write)
        return context.get_dummy_value()

    return types.none(out, x), generate


@intrinsic
def _add_weighted(_typing: Any, out: Any, weights: Any, matrix: Any, rows: Any) -> Any:
    _require_vectors(out, weights)
    _require_vectors(rows, of=types.int32)
    if matrix != types.Array(types.float32, 2, "C"):
        raise TypingError(f"a float32 matrix in C order is wanted, not {matrix}")

    def generate(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        (target, n), (weight, _), (data, _), (row, count) = (
            _open(context, build, *pair) for pair in zip(signature.args, args, strict=True)
        )

        def add(kind: ir.Type, i: ir.Value) -> None:
            total = cg.alloca_once(build, kind)
            build.store(_load(build, target, i, kind), total)
            with cg.for_range(build, count) as loop:
                r = build.sext(build.load(build.gep(row, [loop.index])), _INT)
                factor = spread(build, build.load(build.gep(weight, [r])), kind)
                more = _load(build, data, build.add(build.mul(r, n), i), kind)
                build.store(build.fadd(build.load(total), build.fmul(factor, more)), total)
            build.store(build.load(total), _place(build, target, i, kind), align=4)

        _sweep(build, n, add)
        return context.get_dummy_value()

    return types.none(out, weights, matrix, rows), generate


@intrinsic
def _first_largest(_typing: Any, values: Any) -> Any:
    _require_vectors(values)

    def generate(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        data, n = _open(context, build, signature.args[0], args[0])
        lanes = _wide_index(range(LANES))
        best = cg.alloca_once_value(build, _WIDE([-np.inf] * LANES))
        places = cg.alloca_once_value(build, lanes)
        one, place = cg.alloca_once(build, _FLOAT), cg.alloca_once(build, _SHORT)

        def compare(kind: ir.Type, i: ir.Value) -> None:
            wide = kind is _WIDE
            values, indices = (best, places) if wide else (one, place)
            value, index = _load(build, data, i, kind), build.trunc(i, _SHORT)
            here = build.add(spread(build, index, _WIDE), lanes) if wide else index
            larger = build.fcmp_ordered(">", value, build.load(values))
            build.store(build.select(larger, value, build.load(values)), values)
            build.store(build.select(larger, here, build.load(indices)), indices)

        def fold() -> None:
            value, index = build.load(best), build.load(places)
            width = LANES
            while width > 1:
                width //= 2
                (low, low_at), (high, high_at) = (
                    [_part(build, x, first, width) for x in (value, index)] for first in (0, width)
                )
                earlier = build.icmp_signed("<", high_at, low_at)
                equal = build.and_(build.fcmp_ordered("==", high, low), earlier)
                take = build.or_(build.fcmp_ordered(">", high, low), equal)
                value, index = build.select(take, high, low), build.select(take, high_at, low_at)
            build.store(build.extract_element(value, _SHORT(0)), one)
            build.store(build.extract_element(index, _SHORT(0)), place)

        _sweep(build, n, compare, fold)
        return build.sext(build.load(place), _INT)

    return types.int64(values), generate


@intrinsic
def _accumulate(_typing: Any, out: Any, x: Any) -> Any:
    _require_vectors(x)
    _require_vectors(out, of=types.float64)

    def generate(context: Any, build: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        (target, n), (source, _) = (
            _open(context, build, *pair) for pair in zip(signature.args, args, strict=True)
        )

        def write(kind: ir.Type, i: ir.Value) -> None:
            double = ir.DoubleType() if kind is _FLOAT else ir.VectorType(ir.DoubleType(), LANES)
            place = _place(build, target, i, double)
            more = build.fpext(_load(build, source, i, kind), double)
            build.store(build.fadd(build.load(place, align=8), more), place, align=8)

        _sweep(build, n, write)
        return context.get_dummy_value()

    return types.none(out, x), generate


def _require_vectors(*kinds: Any, of: Any = types.float32) -> None:
    for kind in kinds:
        if not isinstance(kind, types.Array) or (kind.dtype, kind.ndim, kind.layout) != (
            of,
            1,
            "C",
        ):
            raise TypingError(f"a contiguous vector of {of} is wanted, not {kind}")


def _open(
    context: Any, build: ir.IRBuilder, kind: Any, value: ir.Value
) -> tuple[ir.Value, ir.Value]:
    """Return a vector's address and length."""
    array = context.make_array(kind)(context, build, value)
    return array.data, cg.unpack_tuple(build, array.shape)[0]


def _sweep(
    build: ir.IRBuilder,
    n: ir.Value,
    body: Callable[[ir.Type, ir.Value], None],
    between: Callable[[], None] = lambda: None,
) -> None:
    """Emit ``body`` for each sixteen elements, ``between``, and ``body`` for each of the rest."""
    whole = build.and_(n, ir.Constant(_INT, -LANES))
    with cg.for_range_slice(build, _INT(0), whole, _INT(LANES), _INT) as (i, _):
        body(_WIDE, i)
    between()
    with cg.for_range_slice(build, whole, n, _INT(1), _INT) as (i, _):
        body(_FLOAT, i)


def _place(build: ir.IRBuilder, data: ir.Value, i: ir.Value, kind: ir.Type) -> ir.Value:
    return build.bitcast(build.gep(data, [i]), kind.as_pointer())


def _load(build: ir.IRBuilder, data: ir.Value, i: ir.Value, kind: ir.Type) -> ir.Value:
    return build.load(_place(build, data, i, kind), align=4)


def spread(build: ir.IRBuilder, value: ir.Value, kind: ir.Type) -> ir.Value:
    """Return ``value`` in every lane."""
    if kind is _FLOAT:
        return value
    nothing = ir.VectorType(value.type, LANES)(ir.Undefined)
    one = build.insert_element(nothing, value, _SHORT(0))
    return build.shuffle_vector(one, nothing, _wide_index([0] * LANES))


def _fold(build: ir.IRBuilder, lanes: ir.Value) -> ir.Value:
    """Return the sum of the lanes, half by half."""
    width = LANES
    while width > 1:
        width //= 2
        lanes = build.fadd(_part(build, lanes, 0, width), _part(build, lanes, width, width))
    return build.extract_element(lanes, _SHORT(0))


def _part(build: ir.IRBuilder, lanes: ir.Value, first: int, width: int) -> ir.Value:
    mask = ir.VectorType(_SHORT, width)([_SHORT(k) for k in range(first, first + width)])
    return build.shuffle_vector(lanes, lanes.type(ir.Undefined), mask)


def _wide_index(values: Iterable[int]) -> ir.Constant:
    return ir.VectorType(_SHORT, LANES)([_SHORT(value) for value in values])


def _squared_difference(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    difference = build.fsub(a, b)
    return build.fmul(difference, difference)


dot = _sum_of(lambda build, a, b: build.fmul(a, b))
"""``dot(a, b)``: the inner product of two float32[n]."""

squared_distance = _sum_of(_squared_difference)
"""``squared_distance(a, b)``: of two float32[n]."""

combine = cast(Callable[[Vector, np.float32, Vector, np.float32, Vector], None], _combine)
"""``combine(out, a, x, b, y)``: write a x + b y, of float32[n], to ``out``, which may be either."""

copy = cast(Callable[[Vector, Vector], None], _copy)
"""``copy(out, x)``: write float32[n] to ``out``; for a vector this short faster than ``memcpy``."""

add_weighted = cast(Callable[[Vector, Vector, Vector, NDArray[np.int32]], None], _add_weighted)
"""``add_weighted(out, weights, matrix, rows)``: add the rows of float32[m, n] that int32[r] lists,
one after another, each times its own of float32[m], to float32[n], in place."""

accumulate = cast(Callable[[NDArray[np.float64], Vector], None], _accumulate)
"""``accumulate(out, x)``: add float32[n] to float64[n], in place."""

first_largest = cast(Callable[[Vector], int], _first_largest)
"""``first_largest(values)``: where the largest of float32[n] is, the first of equals; no NaN."""
