"""Whatever clients send, the round goes on, and it is the round without those who sent it."""

import json
from typing import Any

import numpy as np
import pytest
from helpers.small_federation import N_USERS, simulation
from helpers.uploads import BAD, honest, hostile, plain
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.arrays import Int64s
from fedras.federation.checks import LARGEST, Learnt, learn
from fedras.federation.round import run_round
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.methods import METHODS

DEFENDED = {"norm_bound": 2.0, "aggregation": "trimmed-mean", "reputation": True}
LEARNERS = {
    "default": simulation(),
    "median": simulation(aggregation="median"),
    "bounded": simulation(norm_bound=2.0, norm_limit=1.0),
    "all": simulation(**DEFENDED),
}


def learnt(
    uploads: list[Upload], kind: str = "default", clients: list[int] | None = None
) -> tuple[Learnt, Traffic]:
    server, traffic = LEARNERS[kind].server, Traffic()
    server.trust[:] = 0
    cohort = np.arange(len(uploads)) if clients is None else np.array(clients, np.int64)
    return learn(server, cohort, uploads, traffic), traffic


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_upload_is_dropped_for_its_reason(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad, reason = BAD[kind]
    good = [honest(seed) for seed in range(5)]
    got, traffic = learnt([*good[:3], bad, *good[3:]])
    assert got.dropped == {reason: 1}
    expected, _ = learnt(good)
    assert got.delta.rows.tolist() == expected.delta.rows.tolist()
    assert got.delta.values.tobytes() == expected.delta.values.tobytes()
    identity = f"{LEARNERS['default'].server.clients[3]:016x}"
    (line,) = caplog.messages
    assert line.startswith(f"round 0: upload of client {identity} dropped, {reason}: ")
    assert traffic.clients == 6
    assert traffic.sent.total() == sum(len(u.items) for u in (*good, bad))


def test_good_uploads_are_not_dropped(caplog: pytest.LogCaptureFixture) -> None:
    got, _ = learnt([honest(seed) for seed in range(9)])
    assert not got.dropped
    assert got.clipped == 0
    assert not caplog.messages


@pytest.mark.parametrize("kind", LEARNERS)
@settings(max_examples=60)
@given(uploads=st.lists(hostile, max_size=8))
def test_whatever_comes_the_update_is_finite_and_every_byte_is_counted(
    kind: str, uploads: list[Upload]
) -> None:
    got, traffic = learnt(uploads, kind)
    assert (np.abs(got.delta.values) <= LARGEST).all()
    assert got.dropped.total() <= len(uploads) == traffic.clients
    # What clients may not have, a scoring model, is not read.
    assert sum(len(u.items) for u in uploads) <= traffic.sent.total()
    assert traffic.sent.total() <= sum(len(u.items) + len(u.scoring) for u in uploads)


@settings(max_examples=60)
@given(
    bad=st.lists(st.sampled_from(sorted(BAD)), max_size=6),
    good=st.lists(st.integers(0, 30), max_size=6, unique=True),
    data=st.data(),
)
def test_the_round_is_that_without_the_dropped(
    bad: list[str], good: list[int], data: st.DataObject
) -> None:
    both = [*((BAD[kind][0], True) for kind in bad), *((honest(seed), False) for seed in good)]
    order = data.draw(st.permutations(both))
    got, _ = learnt([upload for upload, _ in order])
    kept = [i for i, (_, dropped) in enumerate(order) if not dropped]
    expected, _ = learnt([order[i][0] for i in kept], clients=kept)
    assert got.dropped.total() == len(bad)
    assert got.delta.rows.tolist() == expected.delta.rows.tolist()
    assert got.delta.values.tobytes() == expected.delta.values.tobytes()


def test_giants_that_cancel_out_move_nothing() -> None:
    got, _ = learnt([plain(3e38), plain(-3e38)])
    assert len(got.delta.rows) == 0


def forged(sim: Simulation, uploads: list[Upload | None], share: float = 0.5) -> Any:
    """Return the transport where a share of the answers is replaced by ``uploads``, in turn."""

    def transport(broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        answers: list[Upload | None] = list(sim._deliver(broadcast, cohort))
        for place in range(round(share * len(answers))):
            answers[place] = uploads[(broadcast.round + place) % len(uploads)]
        return answers

    return transport


@settings(max_examples=15)
@given(uploads=st.lists(hostile, min_size=1, max_size=5))
def test_state_stays_finite_and_replicas_agree(uploads: list[Upload]) -> None:
    sim = simulation(**DEFENDED, error_feedback=True)
    sim.transport = forged(sim, list(uploads))
    for number in range(1, 4):
        assert sim.step().round == number
    assert np.isfinite(sim.server.items).all()
    assert np.isfinite(sim.silo.vectors).all()
    for mine, stream in zip(sim.silo.replicas, sim.server.streams, strict=True):
        assert np.isfinite(mine).all()
        assert mine.tobytes() == stream.replica.tobytes()


@pytest.mark.parametrize("answer", [Upload(b"lies", b"lies"), None], ids=["lies", "no answer"])
@pytest.mark.parametrize("model", ["mf", "ncf"])
@pytest.mark.parametrize("method", METHODS.names())
def test_a_round_survives_the_loss_of_its_whole_cohort(
    method: str, model: str, answer: Upload | None
) -> None:
    sim = simulation(method=method, model=model, compression_rate=0.5)
    sim.step()
    before = sim.server.items.copy()
    honest_transport, sim.transport = sim.transport, forged(sim, [answer], share=1)
    result = sim.step()
    cohort = 0 if answer is None else max(1, round(sim.config.client_fraction * N_USERS))
    assert result.dropped.total() == cohort
    assert (sim.server.items == before).all()
    sim.transport = honest_transport
    assert not sim.step().dropped
    assert (sim.server.items != before).any()


def test_who_does_not_answer_hears_nothing_and_costs_nothing() -> None:
    sim = simulation()
    sim.step()
    sim.transport = forged(sim, [None])
    selected = sim.server.select()
    result = sim.step()
    assert len(selected) == 6
    assert result.uplink.clients == result.fetched.clients == 3
    assert not result.dropped
    assert (sim.server.heard[selected[3:]] == 1).all()
    assert (sim.server.heard[selected[:3]] <= 0).all()


def test_a_replayed_upload_is_dropped() -> None:
    sim, kept = simulation(), list[Upload | None]()

    def replaying(broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        uploads = list(sim._deliver(broadcast, cohort))
        if broadcast.round:
            uploads[0] = kept[0]
        kept.extend(uploads)
        return uploads

    assert not run_round(sim.server, replaying).dropped
    assert run_round(sim.server, replaying).dropped == {"round": 1}


def test_what_was_dropped_is_kept_through_a_checkpoint_and_reported(tmp_path: Any) -> None:
    from helpers.small_federation import interactions

    from fedras.run.training import open_run

    sim = simulation()
    config = sim.given.model_copy(update={"rounds": 4, "eval_every": 2, "norm_bound": 0.5})
    run = open_run(config, tmp_path / "run", interactions=interactions())
    run.federation.transport = forged(run.federation, [Upload(b"", b""), plain(3e38)])
    rounds = run.rounds()
    dropped = next(rounds).dropped + next(rounds).dropped
    rounds.close()
    assert set(dropped) == {"malformed", "round"}
    again = open_run(None, tmp_path / "run", resume=True, interactions=interactions())
    assert again.totals.dropped == dropped
    assert again.totals.clipped > 0
    for _ in again.rounds():
        pass
    lines = [json.loads(x) for x in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert lines[0]["dropped_uploads"] == dropped
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert summary["dropped_uploads"] == dict(again.totals.dropped) == dropped
    assert summary["clipped_rows"] == again.totals.clipped >= lines[0]["clipped_rows"]
