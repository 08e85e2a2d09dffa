"""The same training without compression: what a run gives up for its bytes."""

from typing import Any

from fedras.components import complete
from fedras.config import Config
from fedras.data import Interactions
from fedras.federation.simulator import Simulation
from fedras.methods import METHODS
from fedras.run.run import Run

_PLAIN = {
    "method": "base",
    "compression_rate": 0.0,
    "rate_range": None,
    "rate_file": None,
    "error_feedback": False,
    "uplink_error_feedback": False,
    "scoring_numbers": "f32",
}


def without_compression(config: Config) -> Config:
    """Return the options of a run in which float32 rows cross as they are."""
    own, kept = (METHODS.get(name).model_fields for name in (config.method, "base"))
    gone = own.keys() - kept.keys()
    options = {name: value for name, value in config.options.items() if name not in gone}
    return complete(config.model_copy(update=_PLAIN | {"options": options | {"numbers": "f32"}}))


def uncompressed_run(config: Config, interactions: Interactions) -> Run[Simulation]:
    """Return a run with these options but for compression, which is kept nowhere."""
    plain = without_compression(config).model_copy(update={"baselines": False})
    return Run(Simulation(plain, interactions))


def section(run: Run[Simulation]) -> dict[str, Any]:
    """Return what a summary says of such a run, after its last round."""
    summary = run.summary()
    return {name: summary[name] for name in ("metrics", "metrics_full", "bill", "seconds")}
