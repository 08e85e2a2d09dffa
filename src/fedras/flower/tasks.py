"""Tasks of a SuperLink or SuperNode on this machine, for whoever knows its secret.

Flower hands tasks to a program of its own that installs and runs whatever app a task names, and
asks for no secret. Here the process that serves the tasks takes them itself.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator

from flwr.proto.runtime_pb2 import AcquireTaskRequest
from flwr.supercore.constant import TaskType
from flwr.supercore.interceptors import (
    RuntimeTokenHttpInterceptor,
    RuntimeVersionHttpInterceptor,
    SuperExecAuthHttpInterceptor,
)
from flwr.supercore.retry import make_simple_http_retry_invoker
from flwr.supercore.runtime import RuntimeHttpClient

_PAUSE = 0.1  # seconds
_PROTECTED = frozenset({"/flwr.proto.Runtime/AcquireTask"})


def tokens(address: str, root: bytes | None, secret: bytes, kind: TaskType) -> Iterator[str]:
    """Yield the token of each task of a kind, as they come, for ever.

    Parameters
    ----------
    address, root
        Of the Runtime API, and the PEM certificate of its authority; None if it has no TLS.
    secret
        Without it the API hands out no task.
    kind
        Tasks of other kinds stay where they are.
    """
    signed = SuperExecAuthHttpInterceptor(master_secret=secret, protected_methods=_PROTECTED)
    client = _client(address, root, signed)
    while True:
        found = client.AcquireTask(AcquireTaskRequest(supported_task_types=[kind]))
        if found.HasField("task") and found.token:
            yield found.token
        else:
            time.sleep(_PAUSE)


def of_task(address: str, root: bytes | None, token: str) -> RuntimeHttpClient:
    """Return a client of the Runtime API that may do what the task of ``token`` needs."""
    return _client(address, root, RuntimeTokenHttpInterceptor(token))


def _client(
    address: str,
    root: bytes | None,
    authenticated: SuperExecAuthHttpInterceptor | RuntimeTokenHttpInterceptor,
) -> RuntimeHttpClient:
    return RuntimeHttpClient.from_server_address(
        server_address=address,
        insecure=root is None,
        root_certificates=root,
        interceptors=[RuntimeVersionHttpInterceptor(component_name="fedras"), authenticated],
        retry_invoker=make_simple_http_retry_invoker(),
    )


def secret_file(secret: bytes) -> str:
    """Return a path from which the secret can be read once; it is on no disk."""
    reading, writing = os.pipe()
    os.write(writing, secret)
    os.close(writing)
    return f"/dev/fd/{reading}"


def beside(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread; if it ever ends, so does the process, for an init to restart."""

    def until_it_ends() -> None:
        try:
            work()
        finally:
            os._exit(1)

    threading.Thread(target=until_it_ends, daemon=True).start()
