"""What one user pays, in bytes and in words."""

from collections import Counter

import pytest

from fedras.config import Config
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Traffic
from fedras.run.bill import bill, words
from fedras.run.run import Run


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (640.4, "640 bytes"),
        (994, "994 bytes"),
        (999.6, "1.0 kB"),
        (1000, "1.0 kB"),
        (32_700, "33 kB"),
        (999_600, "1.0 MB"),
        (10_764_800, "11 MB"),
        (1.2e18, "1200 PB"),
    ],
)
def test_sizes_in_words(size: float, said: str) -> None:
    assert words(size) == said


def test_the_bill_of_one_user() -> None:
    def traffic(clients: int, size: int) -> Traffic:
        return Traffic(clients, Counter(values=size))

    found = bill(10, 50, traffic(100, 6540), traffic(100, 20_000), traffic(500, 45_000), _whole())
    assert found["participations"] == 10
    assert (found["sent"], found["received"], found["uncompressed"]) == (654, 2000, 2_153_000)
    every = found["every_round"]
    assert (every["sent"], every["received"]) == (654, 4500)
    assert every["uncompressed_sent"] == 2_153_000
    assert every["uncompressed_received"] == 10_765_000
    assert found["text"] == [
        "a user who takes part in all that they are asked to sends 654 bytes and receives 2.0 kB "
        "in the whole training; without compression 2.2 MB each way",
        "if every user hears every round, as the paper counts, each receives 4.5 kB; "
        "without compression 11 MB",
    ]


def _whole() -> Traffic:
    return Traffic(1, Counter(values=215_300))


def test_the_bill_is_what_was_counted_in_the_rounds(small: Config) -> None:
    run = Run(Simulation(small))
    sent = fetched = heard = 0
    for result in run.rounds():
        sent += result.uplink.sent.total()
        fetched += result.fetched.sent.total()
        heard += result.downlink.sent.total()
    found, users = run.summary()["bill"], len(run.federation.server.clients)
    assert found["sent"] * users == pytest.approx(sent)
    assert found["received"] * users == pytest.approx(fetched)
    assert found["every_round"]["received"] * users == pytest.approx(heard)
    assert found["participations"] == pytest.approx(small.rounds * small.client_fraction)


def test_before_the_first_round_nobody_has_paid(small: Config) -> None:
    found = Run(Simulation(small)).summary()["bill"]
    assert found["sent"] == found["received"] == found["uncompressed"] == 0
