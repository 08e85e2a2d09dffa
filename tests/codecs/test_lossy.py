"""What each lossy codec promises of its error, and what error feedback makes of all of them."""

from collections.abc import Iterator

import numpy as np
import pytest
from helpers.codec_samples import make, update
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fedras.arrays import Float32s
from fedras.codecs import CODECS, Codec, Part, Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.codecs.fixed_basis import FixedBasis, basis
from fedras.codecs.lowrank import LowRank
from fedras.codecs.plain import Plain
from fedras.codecs.powersgd import PowerSGD
from fedras.codecs.topk import TopK
from fedras.errors import PayloadError
from fedras.federation.residuals import Residuals
from fedras.numbers import NUMBERS

KEY = np.uint64(99)

Matrix = Float32s

matrices = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.floats(-100, 100, width=32),
)


def combinations() -> Iterator[Codec]:
    """Every codec with every format."""
    for name in CODECS.names():
        if hasattr(make(name), "numbers"):
            yield from (make(name, numbers=numbers) for numbers in NUMBERS.names())
        else:
            yield make(name)


def all_rows(values: Matrix) -> RowUpdate:
    return RowUpdate(np.arange(len(values), dtype=np.int32), values, len(values))


def heard(codec: Codec, values: Matrix) -> Matrix:
    payload = codec.encode(all_rows(values), KEY)
    return decode(Payload.from_bytes(payload.to_bytes(), payload.shape)).values


def normal(n: int, d: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@given(matrices, st.integers(1, 12))
def test_topk_keeps_the_largest_entries_of_each_row(values: Matrix, k: int) -> None:
    got = heard(TopK(k), values)
    for row, kept in zip(values.tolist(), got.tolist(), strict=True):
        order = sorted(range(len(row)), key=lambda column: (-abs(row[column]), column))
        best = set(order[:k])
        assert kept == [value if column in best else 0 for column, value in enumerate(row)]


@pytest.mark.parametrize(("d", "k", "bits"), [(32, 2, 10), (32, 8, 32), (64, 1, 6), (2, 1, 1)])
def test_topk_writes_columns_as_integers_or_as_a_bitmap(d: int, k: int, bits: int) -> None:
    payload = TopK(k).encode(all_rows(normal(16, d)), KEY)
    assert len(payload.parts[Part.ASSIGNMENTS]) == 4 + 16 * bits // 8
    assert len(payload.parts[Part.VALUES]) == 16 * k * 4


@settings(deadline=None, max_examples=50)
@given(matrices, st.integers(1, 6))
def test_low_rank_is_as_near_as_rank_allows(values: Matrix, rank: int) -> None:
    exact = values.astype(np.float64)
    singular = np.linalg.svd(exact, compute_uv=False)
    error = float(((heard(LowRank(rank), values) - exact) ** 2).sum())
    best = float((singular[rank:] ** 2).sum())
    steps = exact.size * float(np.finfo(np.float32).smallest_subnormal) ** 2  # no number is finer
    assert error <= best + 1e-6 * float((singular**2).sum()) + steps


@pytest.mark.parametrize("shape", [(200, 16), (16, 200), (40, 40)])
def test_low_rank_sends_a_vector_per_row_and_column(shape: tuple[int, int]) -> None:
    n, d = shape
    values = normal(*shape)
    payload = LowRank(3).encode(all_rows(values), KEY)
    assert len(payload.parts[Part.VALUES]) == 3 * n * 4
    assert len(payload.parts[Part.ACTIONS]) == 3 * d * 4
    u, s, vt = np.linalg.svd(values.astype(np.float64), full_matrices=False)
    np.testing.assert_allclose(heard(LowRank(3), values), (u * s)[:, :3] @ vt[:3], atol=1e-5)


def test_a_matrix_of_low_rank_is_exact() -> None:
    values = normal(60, 2) @ normal(2, 32)
    np.testing.assert_allclose(heard(LowRank(2), values), values, atol=1e-5)
    np.testing.assert_allclose(heard(PowerSGD(2), values), values, atol=1e-5)
    assert not heard(LowRank(2), values * 0).any()
    assert not heard(PowerSGD(2), values * 0).any()


def test_power_iteration_comes_near_the_decomposition() -> None:
    values = normal(300, 32) * np.linspace(0.1, 1, 32, dtype=np.float32)
    best = float(((heard(LowRank(4), values) - values) ** 2).sum())
    errors = [
        float(((heard(PowerSGD(4, iterations=i), values) - values) ** 2).sum()) / best
        for i in (1, 2, 8, 60)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(1, abs=1e-3)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**64 - 1))
def test_a_basis_is_orthonormal_and_the_start_of_a_larger(rank: int, dim: int, seed: int) -> None:
    rank = min(rank, dim)
    small, large = basis(seed, rank, dim), basis(seed, dim, dim)
    np.testing.assert_allclose(small @ small.T, np.eye(rank), atol=1e-5)
    np.testing.assert_allclose(large[:rank], small, atol=1e-5)


def test_a_fixed_basis_projects() -> None:
    directions = basis(7, 3, 16)
    inside = normal(40, 3) @ directions
    np.testing.assert_allclose(heard(FixedBasis(3, 7), inside), inside, atol=1e-5)
    values = normal(40, 16)
    projected = values @ directions.T @ directions
    np.testing.assert_allclose(heard(FixedBasis(3, 7), values), projected, atol=1e-5)
    payload = FixedBasis(3, 7).encode(all_rows(values), KEY)
    assert payload.parts[Part.ACTIONS] == (7).to_bytes(8, "little")
    assert len(payload.parts[Part.VALUES]) == 40 * 3 * 4


@pytest.mark.parametrize(
    ("codec", "few", "many"),
    [
        (TopK(16), (30, 16), (30, 17)),
        (LowRank(2), (2, 32), (3, 32)),
        (PowerSGD(2), (2, 32), (3, 32)),
        (FixedBasis(4, 0), (30, 4), (30, 5)),
    ],
)
def test_what_would_not_be_shorter_is_plain(
    codec: Codec, few: tuple[int, int], many: tuple[int, int]
) -> None:
    plain = Plain().encode(all_rows(normal(*few)), KEY)
    assert codec.encode(all_rows(normal(*few)), KEY) == plain
    assert codec.encode(all_rows(normal(*many)), KEY).codec == codec.name


@pytest.mark.parametrize("name", ["topk", "lowrank", "powersgd", "fixed-basis"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_bytes_do_not_depend_on_the_memory_layout(name: str, order: str) -> None:
    values = normal(30, 5)
    other = np.asfortranarray(values) if order == "F" else np.repeat(values, 2, axis=1)[:, ::2]
    for numbers in NUMBERS.names():
        codec = make(name, numbers=numbers)
        assert codec.encode(all_rows(values), KEY) == codec.encode(all_rows(other), KEY)


def changed(payload: Payload, part: Part, data: bytes) -> Payload:
    parts = dict(payload.parts) | {int(part): data}
    return Payload(payload.codec, payload.numbers, payload.shape, parts)


TOP = TopK(2).encode(all_rows(normal(4, 5)), KEY)
LOW = LowRank(1).encode(all_rows(normal(4, 5)), KEY)
FIXED = FixedBasis(2, 1).encode(all_rows(normal(4, 5)), KEY)
INDEX = TOP.parts[Part.ASSIGNMENTS]
BAD = {
    "topk: no count": changed(TOP, Part.ASSIGNMENTS, INDEX[:3]),
    "topk: no entries": changed(TOP, Part.ASSIGNMENTS, bytes(4)),
    "topk: all columns": changed(TOP, Part.ASSIGNMENTS, bytes([5, 0, 0, 0]) + INDEX[4:]),
    "topk: endless rows": changed(TOP, Part.ASSIGNMENTS, b"\xff" * 4 + INDEX[4:]),
    "topk: columns not ascending": changed(TOP, Part.ASSIGNMENTS, INDEX[:4] + bytes(3)),
    "topk: a column too many": changed(TOP, Part.ASSIGNMENTS, INDEX + b"\0"),
    "topk: an entry too few": changed(TOP, Part.VALUES, TOP.parts[Part.VALUES][:-8]),
    "lowrank: ranks differ": changed(LOW, Part.ACTIONS, bytes(2 * 5 * 4)),
    "lowrank: half a row": changed(LOW, Part.VALUES, bytes(2 * 4)),
    "lowrank: no rows": changed(LOW, Part.ROWS, b"\0\0"),
    "fixed-basis: short key": changed(FIXED, Part.ACTIONS, bytes(7)),
    "fixed-basis: more than all": changed(FIXED, Part.VALUES, bytes(6 * 4 * 4)),
    "fixed-basis: no directions": changed(FIXED, Part.VALUES, b""),
}


@pytest.mark.parametrize("case", BAD)
def test_what_no_encoder_makes_is_refused(case: str) -> None:
    with pytest.raises(PayloadError):
        decode(BAD[case])


def test_a_product_beyond_single_precision_is_cut_to_it() -> None:
    huge = np.full(5, 3e38, "<f4").tobytes()
    payload = changed(changed(LOW, Part.ACTIONS, huge), Part.VALUES, huge[:16])
    assert (decode(payload).values == np.finfo(np.float32).max).all()


@pytest.mark.parametrize("codec", list(combinations()), ids=str)
def test_error_feedback_loses_nothing(codec: Codec) -> None:
    """After any number of rounds: all that was sent plus what is owed is all that was wanted."""
    residuals = Residuals()
    wanted, sent = np.zeros((60, 5), np.float32), np.zeros((60, 5), np.float32)
    for round_ in range(4):
        trained = update(list(range(round_, 60, 2)), 60, seed=round_)
        trained.add_to(wanted)
        total = residuals.add(3, trained)
        got = decode(codec.encode(total, np.uint64(round_)))
        got.add_to(sent)
        residuals.keep(3, total, got)
    state = residuals.state(5)
    owed = np.zeros((60, 5))
    owed[state["residual_row"]] = state["residual"]
    np.testing.assert_allclose(sent + owed, wanted, atol=1e-4)


@pytest.mark.parametrize("codec", list(combinations()), ids=str)
def test_the_mean_of_what_is_decoded_is_the_decoded_mean(codec: Codec) -> None:
    updates = [update(list(range(step, 60, step)), 60, seed=step) for step in (1, 2, 3, 7)]
    decoded = [decode(codec.encode(one, np.uint64(i))) for i, one in enumerate(updates)]
    total, count = np.zeros((60, 5)), np.zeros(60, np.int64)
    for one in decoded:
        total[one.rows] += one.values
        count[one.rows] += 1
    dense = np.zeros((len(decoded), 60, 5))
    for matrix, one in zip(dense, decoded, strict=True):
        matrix[one.rows] = one.values
    np.testing.assert_allclose(total, dense.sum(axis=0), atol=1e-6)
    assert count.tolist() == [sum(row in one.rows for one in decoded) for row in range(60)]
