"""A SuperNode that answers with the fedras that is installed here, whatever the server sends.

Flower's SuperNode carries the messages. The app that a server names is neither opened nor run: each
message goes to `Node.answer`, in this process.
"""

import logging
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from flwr.app import Error, Message
from flwr.common.constant import ErrorCode, SubStatus
from flwr.supercore.constant import TaskType
from flwr.supercore.heartbeat import HeartbeatSender, make_task_heartbeat_fn_http
from flwr.supernode.cli.flower_supernode import flower_supernode
from flwr.supernode.runtime.run_clientapp import pull_task_input, push_message, push_task_output

from fedras.errors import FedrasError
from fedras.flower.link import unwrap, wrap
from fedras.flower.tasks import beside, of_task, secret_file, tokens
from fedras.nodes.node.node import Node

log = logging.getLogger("fedras.node")
_FAILED = "the node failed; its own log says why"


def serve(node: Node, superlink: str, root: Path, key: Path, port: int) -> None:
    """Connect to a SuperLink and answer its messages; returns when Flower's SuperNode ends.

    Parameters
    ----------
    node
        What answers.
    superlink
        Address and port.
    root, key
        PEM file of the authority that signed its certificate, and this node's private key.
    port
        Of the loopback, for Flower's own use.

    Raises
    ------
    FedrasError
        If the port is taken, or this version of Flower is one whose SuperNode would open apps.
    """
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise FedrasError(
            f"port {port} of the loopback: {error.strerror}; choose another"
        ) from None
    _open_no_app()
    secret = secrets.token_bytes(32)
    _once_it_listens(partial(beside, partial(_work, node, f"127.0.0.1:{port}", secret)))
    sys.argv = ["flower-supernode", "--superlink", superlink, "--root-certificates", str(root)]
    sys.argv += ["--auth-supernode-private-key", str(key), "--port", str(port)]
    sys.argv += ["--isolation", "process", "--superexec-auth-secret-file", secret_file(secret)]
    flower_supernode()


def _open_no_app() -> None:
    """Let the SuperNode not even read an app's options, which it takes out of a ZIP archive."""
    module = import_module("flwr.supernode.start_client_internal")
    if not hasattr(module, "get_fused_config_from_fab"):
        raise FedrasError("this version of Flower cannot be kept from opening apps; use 1.42")
    module.get_fused_config_from_fab = lambda *_: {}  # type: ignore[attr-defined]


def _once_it_listens(work: Callable[[], None]) -> None:
    """Begin ``work`` when Flower has its port, or it might take tasks from another's program."""
    module = import_module("flwr.supernode.cli.flower_supernode")
    connect = module.start_client_internal

    def work_and_connect(**given: Any) -> None:
        work()
        connect(**given)

    module.start_client_internal = work_and_connect  # type: ignore[attr-defined]


def _work(node: Node, address: str, secret: bytes) -> None:
    """Answer each task; one whose message never arrives whole keeps none of the others waiting."""
    turn = threading.Lock()
    for token in tokens(address, None, secret, TaskType.CLIENT_APP):
        threading.Thread(target=_answer, args=(node, address, token, turn), daemon=True).start()


def _answer(node: Node, address: str, token: str, turn: threading.Lock) -> None:
    """Do the task of ``token``: one message of the server."""
    try:
        _do(node, address, token, turn)
    except Exception:
        log.exception("a task was not finished")


def _do(node: Node, address: str, token: str, turn: threading.Lock) -> None:
    client = of_task(address, None, token)
    heartbeat = HeartbeatSender(make_task_heartbeat_fn_http(client))
    heartbeat.start()
    try:
        message, context, *_ = pull_task_input(client)
        try:
            with turn:
                said = node.answer(unwrap(message.content))
            reply = Message(wrap(said), reply_to=message)
        except Exception:  # what it says may be private
            log.exception("no answer to a message")
            error = Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, _FAILED)
            reply = Message(error, reply_to=message)
        push_message(client, reply, context)
        push_task_output(client, context, SubStatus.COMPLETED, "")
    finally:
        if heartbeat.is_running:
            heartbeat.stop()
        client.close()
