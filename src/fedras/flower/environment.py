"""What Flower is told before it is imported: no telemetry, no updates, short waits."""

import os

SETTINGS = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
    "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.1",
}


def settle() -> None:
    """Set what the environment does not say yet."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
