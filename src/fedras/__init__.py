"""Communication-efficient federated recommendation, measured in bytes that were really sent."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fedras.api import fit, load, tune
    from fedras.config import Config
    from fedras.run.training import train
    from fedras.version import __version__

__all__ = ["Config", "__version__", "fit", "load", "train", "tune"]

_HOMES = {
    "Config": "fedras.config",
    "__version__": "fedras.version",
    "fit": "fedras.api",
    "load": "fedras.api",
    "train": "fedras.run.training",
    "tune": "fedras.api",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: NumPy and the core take longer than ``fedras --help``."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'fedras' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the names that people use, for completion."""
    return __all__
