"""While training the validation item is looked at and the test item is not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedras import data
from fedras.config import Config
from fedras.data import Interactions, leave_one_out
from fedras.federation.schedule import joining
from fedras.run.folder import RunFolder
from fedras.run.training import open_run, train

N_USERS, N_ITEMS = 30, 60
OPTIONS: dict[str, Any] = {"rounds": 20, "eval_every": 2, "dim": 8, "baselines": False}


def people(latest: int = 0, before: int = 0) -> Interactions:
    """Users with 3 to 10 items; the last, or the one before, are others for other arguments."""
    rng = np.random.default_rng(8)
    users: list[str] = []
    items: list[int] = []
    for user in range(N_USERS):
        own = (10 + rng.choice(N_ITEMS - 10, 3 + user % 8, replace=False)).tolist()
        own[-1] = (user + latest) % 5
        own[-2] = 5 + (user + before) % 5
        users += [f"u{user:02}"] * len(own)
        items += own
    return data.from_columns("people", users, items)


def checkpoint(folder: Path, interactions: Interactions, **options: Any) -> Any:
    list(train(Config.model_validate(OPTIONS | options), folder, interactions=interactions))
    kept = RunFolder(folder).checkpoint()
    assert kept is not None
    return kept


@pytest.mark.parametrize(
    "options",
    [{}, {"model": "ncf"}, {"patience": 1}, {"last_share": 0.0}, {"context_weight": 2.0}],
    ids=str,
)
def test_the_test_item_says_nothing_until_the_end(options: dict[str, Any], tmp_path: Path) -> None:
    """Whatever the test items are, training, its end and the context are the same, bit for bit."""
    one, other = people(), people(latest=2)
    assert (leave_one_out(one).tests != leave_one_out(other).tests).any()
    assert leave_one_out(one, True).items.tobytes() == leave_one_out(other, True).items.tobytes()
    first = checkpoint(tmp_path / "one", one, **options)
    second = checkpoint(tmp_path / "other", other, **options)
    assert first.arrays.keys() == second.arrays.keys()
    for name, array in first.arrays.items():
        assert array.tobytes() == second.arrays[name].tobytes(), name
    assert first.values["state"] == second.values["state"]
    found = [RunFolder(tmp_path / name).summary() for name in ("one", "other")]
    assert found[0]["metrics_full"] != found[1]["metrics_full"]  # type: ignore[index]


def test_what_is_compared_above_would_show_an_influence(tmp_path: Path) -> None:
    """Its own counter-proof: with the validation item of others, or the old protocol's display."""
    first = checkpoint(tmp_path / "one", people())
    second = checkpoint(tmp_path / "other", people(before=2))
    assert first.arrays["items"].tobytes() != second.arrays["items"].tobytes()


def test_the_validation_item_trains_in_the_last_rounds_only() -> None:
    """Users' vectors are those of other validation items until then, and not afterwards."""
    config = Config.model_validate(OPTIONS | {"patience": 0, "client_fraction": 1.0})
    one, other = (
        open_run(config, interactions=people(before=before)).federation for before in (0, 2)
    )
    end = joining(config)
    assert end == 16
    for done in range(1, config.rounds + 1):
        one.step(), other.step()
        same = one.silo.vectors.tobytes() == other.silo.vectors.tobytes()
        assert same == (done <= end)
        assert len(one.split.items) == len(one.interactions) - N_USERS * (1 + (done < end))


def test_metrics_are_of_the_validation_item_and_then_of_nothing() -> None:
    config = Config.model_validate(OPTIONS | {"patience": 0, "eval_every": 3})
    run = open_run(config, interactions=people())
    results = list(run.rounds())
    assert [r.round for r in results if r.metrics] == [3, 6, 9, 12, 15, 16]
    assert [(line["round"], line["ranked"]) for line in run.lines] == [
        *((round_, "validation") for round_ in (3, 6, 9, 12, 15, 16)),
        *((round_, None) for round_ in (18, 20)),
    ]
    assert all((line["ndcg@10"] is None) == (line["ranked"] is None) for line in run.lines)
    keys = [list(line) for line in run.lines]
    assert keys == [keys[0]] * len(keys)


def test_until_the_validation_item_trains_it_is_as_if_there_were_no_test_item() -> None:
    """Training, bytes and metrics are those of the paper's protocol on the data without it."""
    given = OPTIONS | {"patience": 0, "context_weight": 0}
    paper, mine = Config.model_validate(given | {"monitor": "test"}), people()
    without = data.known(mine, leave_one_out(mine, validation=True))
    assert len(without) == len(mine) - N_USERS
    one = open_run(Config.model_validate(given), interactions=mine).federation
    other = open_run(paper, interactions=without).federation
    for _ in range(joining(one.config)):
        assert one.step() == other.step()
        assert one.validate() == other.validate() == other.evaluate().sampled
        assert one.validate() != one.evaluate().sampled
    one.step(), other.step()
    assert one.silo.vectors.tobytes() != other.silo.vectors.tobytes()
    assert one.validate() is None


def test_the_paper_ranks_the_test_item_all_along() -> None:
    config = Config.model_validate(OPTIONS | {"monitor": "test"})
    run = open_run(config, interactions=people())
    results = list(run.rounds())
    assert [line["ranked"] for line in run.lines] == ["test"] * 10
    assert results[-1].metrics == run.summary()["metrics"]
    assert len(run.federation.split.items) == len(people()) - N_USERS


def test_an_early_end_is_a_shorter_run_that_can_be_gone_on_with(tmp_path: Path) -> None:
    config = Config.model_validate(OPTIONS | {"rounds": 60, "patience": 1, "eval_every": 1})
    run = open_run(config, tmp_path / "whole", interactions=people())
    results = list(run.rounds())
    skipped = run.federation.server.schedule.skipped
    assert 0 < skipped < 48
    assert len(results) == run.length == 60 - skipped
    stop = 48 - skipped
    assert [line["ranked"] for line in run.lines] == ["validation"] * stop + [None] * 12
    for _ in range(4):
        cut = (
            open_run(None, tmp_path / "cut", True, people())
            if (tmp_path / "cut").exists()
            else (open_run(config, tmp_path / "cut", interactions=people()))
        )
        rounds = cut.rounds()
        for _, _ in zip(range(stop // 2), rounds, strict=False):
            pass
        rounds.close()
    list(open_run(None, tmp_path / "cut", True, people()).rounds())
    one, other = (RunFolder(tmp_path / name).checkpoint() for name in ("whole", "cut"))
    assert one is not None
    assert other is not None
    for name, array in one.arrays.items():
        assert array.tobytes() == other.arrays[name].tobytes(), name
    assert one.values["state"] == other.values["state"]
    summary = RunFolder(tmp_path / "whole").summary()
    assert summary is not None
    assert summary["rounds"] == len(results)
    assert summary["schedule"]["skipped_rounds"] == skipped
    assert f"rounds {stop + 1} to 48 are left out" in summary["schedule"]["text"][0]
