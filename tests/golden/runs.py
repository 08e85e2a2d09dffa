"""What a short run comes to: all bytes that crossed, all that it leaves, and how well it ranks."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from helpers.nodes_in_process import Perfect, config, coordinator, make_nodes

from fedras.arrays import Int64s
from fedras.components import make_config
from fedras.evaluation.scores import Ranked
from fedras.federation.client import held
from fedras.federation.federation import Federation
from fedras.federation.fold_in import fold_in
from fedras.federation.round import RoundResult
from fedras.federation.server import Server
from fedras.federation.simulator import Simulation
from fedras.federation.state import State
from fedras.federation.wire import Broadcast, Upload
from fedras.run.run import Run
from golden.digests import Parts, of_array, of_bytes, of_metrics, of_values

FIRST = {"items", "vectors", "scoring"}


def digests(options: dict[str, Any]) -> Parts:
    """Return the digests of a simulated run."""
    simulation = Simulation(make_config(options))
    parts = {"data": of_bytes([simulation.fingerprint.encode()])}
    parts |= {f"first {name}": part for name, part in arrays(simulation.state()) if name in FIRST}
    watch(simulation, parts)
    parts |= finished(simulation, simulation, parts)
    evaluation, ranked = simulation.evaluation, held(simulation.silo)
    listed = evaluation.listed(evaluation.scorer(simulation.model, ranked))
    parts["scores"] = of_array(scores(simulation, ranked))
    parts["sampled ranks"] = of_array(evaluation.sampled_ranks(simulation.model, ranked))
    parts["ranks"] = of_array(listed.full)
    parts["lists"] = of_array(listed.lists)
    parts["folded in"] = of_array(folded(simulation))
    return parts


def digests_of_nodes(model: str) -> Parts:
    """Return the digests of the server's side of a run with nodes; theirs holds a random token."""
    tiers = {"rate_range": (0.6, 0.95), "rate_levels": 4, "error_feedback": False, "strict": False}
    given = config(model=model, rounds=3, eval_every=1, **tiers)
    parts: Parts = {}
    with TemporaryDirectory() as folder:
        nodes = make_nodes(3, Path(folder))
        federation = coordinator(Perfect(nodes), given)
        federation.gather(len(nodes))
        return parts | finished(federation, federation.server, parts)


def watch(simulation: Simulation, parts: Parts) -> None:
    """Note what crosses: what the server sends at the start of a round, and each upload."""
    deliver = simulation.transport

    def transport(broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        uploads = [*deliver(broadcast, cohort)]
        sent = [upload for upload in uploads if upload is not None]
        round_ = broadcast.round
        parts[f"down {round_}"] = of_bytes(broadcast.items)
        parts[f"scoring down {round_}"] = of_bytes([broadcast.scoring])
        parts[f"up {round_}"] = of_bytes(upload.items for upload in sent)
        parts[f"scoring up {round_}"] = of_bytes(upload.scoring for upload in sent)
        return uploads

    simulation.transport = transport


TIMES = "seconds", "seconds_by_phase"


def finished(federation: Federation, whose: Simulation | Server, parts: Parts) -> Parts:
    """Run all rounds, note what they count, and return the digests of what is left."""
    run = Run(federation)
    for result in run.rounds():
        parts[f"counted {result.round - 1}"] = of_values(counted(result))
    state = whose.state()
    lines = [{k: v for k, v in line.items() if k not in TIMES} for line in run.lines]
    quality = federation.evaluate()._asdict()
    values = dict(state.values)
    return {
        **dict(arrays(state)),
        "schedule": of_metrics(values.pop("schedule")),
        "values": of_values(values),
        "metrics": of_metrics(lines),
        "quality": of_metrics(quality),
    }


def arrays(state: State) -> list[tuple[str, str]]:
    """Return the name and the digest of each array of a state.

    Residuals count in the order of clients and rows: in a state they are in that in which threads
    came to them.
    """
    found = dict(state.arrays)
    if "residual" in found:
        order = np.lexsort((found["residual_row"], found["residual_client"]))
        found |= {name: found[name][order] for name in found if name.startswith("residual")}
    return [(name, of_array(array)) for name, array in found.items()]


def counted(result: RoundResult) -> dict[str, Any]:
    """Return all that a round says of itself, but for metrics."""
    plain = {name: getattr(result, name) for name in ("actions", "cosine", "dropped", "clipped")}
    traffic = {name: vars(getattr(result, name)) for name in ("uplink", "downlink", "fetched")}
    return plain | traffic


def scores(simulation: Simulation, ranked: Ranked) -> Any:
    """Return the scores that all users give to all items."""
    users = np.arange(len(ranked.vectors))
    return simulation.evaluation.scorer(simulation.model, ranked)(users)


def folded(simulation: Simulation) -> Any:
    """Return the vectors of a few people who take part in no round."""
    silo = simulation.silo
    indptr = silo.indptr[:4]
    strangers = silo.clients[:3] ^ np.uint64(0xFEED)
    return fold_in(silo, strangers, indptr, silo.items[: indptr[-1]])
