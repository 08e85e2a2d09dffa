"""The logistic function against that of float64."""

import numpy as np
import pytest

from fedras.core.training import sigmoid


def test_the_sigmoid_is_close_and_keeps_within_its_range() -> None:
    x = np.linspace(-100, 100, 400_001).astype(np.float32)
    got = x.copy()
    sigmoid(got)
    wanted = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert np.abs(got - wanted).max() < 1e-7
    assert got.min() >= 0
    assert got.max() <= 1
    assert (np.diff(got) >= -1e-7).all()


@pytest.mark.parametrize(("x", "wanted"), [(np.inf, 1), (-np.inf, 0), (3e38, 1), (-3e38, 0)])
def test_the_sigmoid_saturates(x: float, wanted: float) -> None:
    got = np.array([x], np.float32)
    sigmoid(got)
    assert got[0] == pytest.approx(wanted, abs=1e-30)


def test_a_number_has_the_same_sigmoid_wherever_it_stands() -> None:
    x = np.linspace(-9, 9, 37).astype(np.float32)
    whole = x.copy()
    sigmoid(whole)
    for n in range(len(x)):
        part = x[n:].copy()
        sigmoid(part)
        assert part.tobytes() == whole[n:].tobytes()
