from pathlib import Path

import numpy as np
import pytest
from helpers.small_federation import HETEROGENEOUS, N_ITEMS, N_USERS, interactions, simulation

from fedras.config import Config
from fedras.data import client_keys
from fedras.errors import FedrasError, UsageError
from fedras.federation.budgets import client_rates

PEOPLE = interactions()
CLIENTS = client_keys(PEOPLE.user_ids)


def rates(**options: object) -> np.ndarray:
    return client_rates(Config.model_validate(options), PEOPLE, CLIENTS)


def test_one_rate_is_everybodys() -> None:
    assert rates(compression_rate=0.7).tolist() == [0.7] * N_USERS


def test_drawn_rates_are_levels_of_the_range() -> None:
    drawn = rates(rate_range=(0.5, 0.9), rate_levels=5)
    assert set(np.round(drawn, 9).tolist()) <= {0.5, 0.6, 0.7, 0.8, 0.9}
    assert len(set(drawn.tolist())) > 2
    assert rates(rate_range=(0.5, 0.9), rate_levels=1).tolist() == [0.5] * N_USERS
    assert rates(rate_range=(0.8, 0.8)).tolist() == [0.8] * N_USERS


def test_a_drawn_rate_belongs_to_the_client() -> None:
    config = Config(rate_range=(0.5, 0.9))
    order = np.random.default_rng(0).permutation(N_USERS)
    drawn = client_rates(config, PEOPLE, CLIENTS)
    assert client_rates(config, PEOPLE, CLIENTS[order]).tolist() == drawn[order].tolist()
    assert client_rates(config, PEOPLE, CLIENTS).tolist() == drawn.tolist()
    other = client_rates(config.model_copy(update={"seed": 1}), PEOPLE, CLIENTS)
    assert other.tolist() != drawn.tolist()


def test_levels_are_drawn_alike() -> None:
    many = np.arange(40_000, dtype=np.uint64)
    drawn = client_rates(Config(rate_range=(0.0, 0.75), rate_levels=4), PEOPLE, many)
    counts = np.unique(drawn, return_counts=True)[1]
    assert len(counts) == 4
    assert (np.abs(counts - 10_000) < 500).all()  # standard deviation 87


def test_everybody_listens_to_the_stream_of_the_own_rate() -> None:
    federation = simulation(**HETEROGENEOUS)
    drawn = client_rates(federation.config, federation.interactions, CLIENTS)
    budgets = [stream.budget for stream in federation.server.streams]
    assert budgets == sorted(set(budgets))
    assert federation.silo.budgets.tolist() == budgets
    for client, rate in enumerate(drawn):
        limit = budgets[federation.silo.stream[client]]
        assert limit == max(1, round(N_ITEMS * (1 - rate)))
    counts = np.bincount(federation.silo.stream, minlength=len(budgets))
    assert [stream.listeners for stream in federation.server.streams] == counts.tolist()
    assert counts.min() > 0


@pytest.mark.parametrize(("rate", "limit"), [(0.0, N_ITEMS), (0.5, 25), (0.98, 1), (0.9999, 1)])
def test_a_rate_leaves_that_many_rows(rate: float, limit: int) -> None:
    assert [s.budget for s in simulation(compression_rate=rate).server.streams] == [limit]


def written(folder: Path, lines: list[str]) -> Path:
    path = folder / "rates.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


LINES = [f"{user},0.{i % 9}5" for i, user in enumerate(PEOPLE.user_ids.tolist())]


def test_rates_from_a_file_are_by_user(tmp_path: Path) -> None:
    read = rates(rate_file=written(tmp_path, LINES[::-1]))
    assert read.tolist() == [float(line.split(",")[1]) for line in LINES]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("u05", "expected user,rate but found 'u05'"),
        ("u05,0.5,1", "expected user,rate but found 'u05,0.5,1'"),
        ("u05,half", "'half' is not a number in"),
        ("u05,1.0", "'1.0' is not a number in"),
        ("u05,-0.1", "'-0.1' is not a number in"),
        ("u05,nan", "'nan' is not a number in"),
        ("u05,", "'' is not a number in"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = written(tmp_path, [*LINES[:5], line, *LINES[6:]])
    with pytest.raises(UsageError) as raised:
        rates(rate_file=path)
    assert str(raised.value).startswith(f"{path}:6: ")
    assert complaint in str(raised.value)


def test_a_stranger_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [*LINES, "nobody,0.5"])
    with pytest.raises(UsageError, match="no user 'nobody'"):
        rates(rate_file=path)


def test_who_was_forgotten_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, [*LINES[:7], *LINES[9:]])
    with pytest.raises(UsageError, match=r"'u07' no rate \(2 users have none\)"):
        rates(rate_file=path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FedrasError, match=r"cannot read .*rates\.csv"):
        rates(rate_file=tmp_path / "rates.csv")
    (tmp_path / "rates.csv").write_bytes(b"\xff\xfe,0.5\n")
    with pytest.raises(FedrasError, match=r"cannot read .*rates\.csv"):
        rates(rate_file=tmp_path / "rates.csv")
