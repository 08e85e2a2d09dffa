"""Options that follow from the others where nobody gave them."""

from typing import Any

import pytest

from fedras.components import make_config

RANGE: dict[str, Any] = {"rate_range": [0.5, 0.9]}


@pytest.mark.parametrize(
    ("given", "feedback", "strict"),
    [
        ({}, False, False),
        (RANGE, True, True),
        (RANGE | {"error_feedback": False}, False, False),
        (RANGE | {"strict": False}, True, False),
        (RANGE | {"error_feedback": True}, True, True),
        ({"every": 2}, True, False),
    ],
)
def test_several_rates_are_limits_and_what_exceeds_them_waits(
    given: dict[str, Any], feedback: bool, strict: bool
) -> None:
    config = make_config(given)
    assert (config.error_feedback, config.options["strict"]) == (feedback, strict)
    assert make_config(config.flat() | {"rate_range": given.get("rate_range")}) == config


@pytest.mark.parametrize(("size", "every", "step"), [(50, 8, 0.3), (200, 4, 0.6), (2000, 1, 1.0)])
def test_bytes_bring_a_step_and_silence(size: int, every: int, step: float) -> None:
    config = make_config({"method": "directions", "bytes": size})
    assert (config.every, config.server_rate, config.error_feedback) == (every, step, True)
    assert make_config({"method": "directions", "bytes": size, "every": 3}).every == 3
