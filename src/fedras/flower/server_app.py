"""The ServerApp: the rounds of a run, over Flower's grid."""

import json
import logging
from pathlib import Path
from typing import Any

from flwr.app import Context, UserConfig
from flwr.serverapp import Grid, ServerApp

from fedras.components import make_config
from fedras.config import read_config
from fedras.errors import FedrasError, UsageError
from fedras.flower.link import FlowerLink
from fedras.nodes.catalogue import read_catalogue
from fedras.nodes.server.admission import USERS, Admission
from fedras.nodes.server.coordinator import Coordinator
from fedras.nodes.server.exchange import Patience
from fedras.nodes.server.run import open_run
from fedras.run import course
from fedras.run.run import Run
from fedras.whole_files import write

app = ServerApp()
log = logging.getLogger("fedras.federation")


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Begin or continue the run that the run config names."""
    _speak()
    told = context.run_config
    for name in ("folder", "catalogue"):
        if not told.get(name):
            raise UsageError(f"the run config lacks {name}: flwr run --run-config")
    status = Path(str(told["status"])) if told.get("status") else None
    try:
        run = _open(grid, context)
        _report(run, status)
        run.federation.gather(int(told["nodes"]))
        for result in run.rounds():
            now = [course.quality(e) for e in run.lines[-1:] if e["round"] == result.round]
            log.info("round %d of %d  %s", result.round, run.length, *now or [""])
            _report(run, status)
    except FedrasError as error:
        log.error("%s", error)
        _write(status, {"error": str(error)})
        raise


def _open(grid: Grid, context: Context) -> Run[Coordinator]:
    told = context.run_config
    path = str(told.get("config", ""))
    patience = Patience(*(float(told[f"{name}-timeout"]) for name in ("reply", "start", "alone")))
    return open_run(
        Path(str(told["folder"])),
        make_config(read_config(Path(path))) if path else None,
        read_catalogue(Path(str(told["catalogue"]))),
        FlowerLink(grid),
        patience,
        _admission(told),
    )


def _admission(told: UserConfig) -> Admission:
    listed = str(told.get("nodes-file", ""))
    return Admission(
        int(told.get("users-per-node", USERS)),
        Path(listed) if listed else None,
        bool(told.get("new-node-ids", False)),
    )


def _speak() -> None:
    """Log what this package says, and nothing of others."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("fedras: %(message)s"))
    log.setLevel(logging.INFO)
    log.handlers, log.propagate = [handler], False


def _report(run: Run[Coordinator], path: Path | None) -> None:
    """Write how far the run is, for whoever watches."""
    exchange = run.federation.exchange
    state = {
        "round": run.round,
        "rounds": run.length,
        "nodes": {
            str(member.address): {
                "clients": len(member.enrolled),
                "version": member.version,
                "awake": member.awake,
            }
            for member in exchange.membership.roster.members
        },
        "metrics": run.lines[-1] if run.lines else None,
        "quality": course.latest(run.lines),
        "stopped": course.stopped(run.federation.config, run.federation.server.schedule),
        "sent": exchange.sent.size,
        "received": exchange.received.size,
    }
    _write(path, state)


def _write(path: Path | None, state: dict[str, Any]) -> None:
    if path is not None:
        write(path, json.dumps(state).encode())
