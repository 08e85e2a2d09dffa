"""The explorer's server: for this machine alone, until Ctrl-C."""

import os
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fedras.errors import FedrasError, UsageError
from fedras.extras import install

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from uvicorn import Server

_HOST = "127.0.0.1"
_NEEDED = ("starlette", "uvicorn", "jinja2")
_LAST_WORDS = 1  # seconds that answers may take that are under way at the end


def require_extra() -> None:
    """Raise UsageError if what serves is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"the explorer needs {missing[0]}; run: {install('explore')}")


def listener(port: int) -> socket.socket:
    """Return a socket that only this machine reaches; 0 is any port that is free.

    Raises
    ------
    FedrasError
        If the port cannot be had.
    """
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise FedrasError(
            f"cannot listen at port {port}: {why}; leave out --port for one that is free"
        ) from None


def address(listening: socket.socket) -> str:
    """Return the URL that leads to a listener."""
    return f"http://{_HOST}:{listening.getsockname()[1]}/"


def server(site: "Starlette") -> "Server":
    """Return what serves a site: ``server(site).run(sockets=[listener(0)])``, until Ctrl-C."""
    import uvicorn  # noqa: PLC0415 -- an extra

    config = uvicorn.Config(
        site,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_WORDS,
    )
    return uvicorn.Server(config)
