"""A SuperLink that only its operator controls.

Flower serves three APIs on one port: the nodes' (Fleet), that of the server's own process
(Runtime), and Control, which registers nodes and starts apps and asks for no credential. Here a
guard before them lets pass the nodes' API, which Flower authenticates by the nodes' keys; the
Runtime API for this machine, with a secret; and Control for whoever has the operator's token. It
reads nothing but the head of a request, where Flower would first keep all that a stranger sends.
"""

import asyncio
import binascii
import hmac
import ipaddress
import json
import os
import secrets
import subprocess
import sys
from base64 import b64decode
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w
import uvicorn
from fastapi import HTTPException
from flwr.common.constant import TIMESTAMP_HEADER
from flwr.supercore.constant import (
    FLEET_HTTP_PUBLIC_KEY_HEADER,
    FLEET_HTTP_SIGNATURE_HEADER,
    TaskType,
)
from flwr.supercore.error import ApiErrorCode
from flwr.supercore.primitives.asymmetric import bytes_to_public_key, verify_signature
from flwr.superlink.cli import flower_superlink
from flwr.superlink.servicer.fleet import fleet_handlers

from fedras.flower.operator import TOKEN, home
from fedras.flower.tasks import beside, secret_file, tokens
from fedras.whole_files import make_folder, write

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_FLEET = "/v1/fleet/"
_NOT_OPERATOR = "only the operator of this federation controls it: use fedras operator"
_UNKNOWN = "the SuperLink does not know this key; its operator registers nodes"


class Guard:
    """An ASGI app before Flower's: turns away what is neither a node's nor the operator's.

    Parameters
    ----------
    app
        Flower's.
    token
        The operator's.
    is_registered
        Whether a node's public key, in Flower's form, is one that the operator has registered.
    """

    def __init__(self, app: App, token: str, is_registered: Callable[[bytes], bool]) -> None:
        self.app, self._token, self._is_registered = app, token.encode(), is_registered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and await self.admits(scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            status, body = _refusal(scope["path"])
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def admits(self, scope: Scope) -> bool:
        """Return whether a request may reach Flower."""
        path = scope["path"]
        if path.startswith(_FLEET):
            return await asyncio.to_thread(self._is_of_a_node, scope)
        if path.startswith("/v1/runtime/"):
            return _is_local(scope)
        given = _header(scope, "authorization")
        return (
            path.startswith("/v1/control/")
            and given is not None
            and hmac.compare_digest(given, b"Bearer " + self._token)
        )

    def _is_of_a_node(self, scope: Scope) -> bool:
        """Return whether a registered key signed the time in the head, which Flower compares."""
        names = (FLEET_HTTP_PUBLIC_KEY_HEADER, FLEET_HTTP_SIGNATURE_HEADER, TIMESTAMP_HEADER)
        key, signature, signed = (_header(scope, name) for name in names)
        if key is None or signature is None or signed is None:
            return False
        try:
            public = b64decode(key, validate=True)
            signed_by = b64decode(signature, validate=True)
            return self._is_registered(public) and verify_signature(
                bytes_to_public_key(public), signed, signed_by
            )
        except (binascii.Error, ValueError):
            return False


def _refusal(path: str) -> tuple[int, bytes]:
    """Return a status and a body that Flower's programs understand.

    A SuperNode that begins ends with what the body says; at 401, when it is registered no more, one
    that runs ends in silence.
    """
    if path in {f"{_FLEET}register-node", f"{_FLEET}activate-node"}:
        said = {"code": ApiErrorCode.FLEET_NODE_ACTIVATION_FAILED.value, "detail": _UNKNOWN}
        return 412, json.dumps(said).encode()
    return (401 if path.startswith(_FLEET) else 403), json.dumps({"detail": _NOT_OPERATOR}).encode()


def _header(scope: Scope, name: str) -> bytes | None:
    """Return the value of a header that is there once."""
    found: list[bytes] = [value for key, value in scope["headers"] if key == name.lower().encode()]
    return found[0] if len(found) == 1 else None


def _is_local(scope: Scope) -> bool:
    """Return whether a request comes from this machine."""
    peer, own = scope.get("client"), scope.get("server")
    if peer is None or own is None:
        return False
    return bool(peer[0] == own[0]) or ipaddress.ip_address(peer[0]).is_loopback


def own_messages(push: Callable[..., Any]) -> Callable[..., Any]:
    """Return Flower's ``push_messages`` for what a node says in its own name, and nothing else.

    Flower compares a node's key with the node of the request, not with the one that a message in it
    says it is from: so a node could answer for another, or ask another like the server.
    """

    def push_own(request: Any, state: Any) -> Any:
        sources = {message.metadata.src_node_id for message in request.messages_list}
        if sources != {request.node.node_id}:
            raise HTTPException(403, "a node speaks in its own name")
        return push(request=request, state=state)

    return push_own


def serve(state: Path, root: Path, certificate: Path, key: Path, host: str, port: int) -> None:
    """Serve until Flower's SuperLink ends.

    Parameters
    ----------
    state
        Folder of the database, the operator's token and the operator's Flower configuration;
        made if it does not exist, and only its owner may enter it.
    root, certificate, key
        PEM files: the authority, and the server's certificate and private key. The certificate
        has to be valid for ``127.0.0.1`` and for the name under which nodes reach the server.
    host, port
        Where to listen.

    Raises
    ------
    FedrasError
        If a file cannot be written.
    """
    make_folder(state, private=True)
    token, secret = secrets.token_urlsafe(32), secrets.token_bytes(32)
    write(state / TOKEN, token.encode(), private=True)
    local = f"127.0.0.1:{port}" if host in {"0.0.0.0", "127.0.0.1"} else f"{host}:{port}"  # noqa: S104
    _let_the_operator_know(state, local, root)
    beside(partial(_start_servers, state, local, root, secret))

    serve_any = uvicorn.run

    def serve_guarded(app: Any, **options: Any) -> None:
        def is_registered(key: bytes) -> bool:
            state = app.state.linkstate_factory.state()
            return state.get_node_id_by_public_key(key) is not None

        serve_any(Guard(app, token, is_registered), proxy_headers=False, **options)

    uvicorn.run = serve_guarded
    fleet_handlers.push_messages = own_messages(fleet_handlers.push_messages)
    sys.argv = ["flower-superlink", "--ssl-ca-certfile", str(root)]
    sys.argv += ["--ssl-certfile", str(certificate), "--ssl-keyfile", str(key)]
    sys.argv += ["--enable-supernode-auth", "--disable-runtime-dependency-installation"]
    sys.argv += ["--host", host, "--port", str(port), "--database", str(state / "superlink.db")]
    sys.argv += ["--isolation", "process", "--superexec-auth-secret-file", secret_file(secret)]
    flower_superlink()


def _let_the_operator_know(state: Path, address: str, root: Path) -> None:
    """Write the Flower configuration with which `operator` reaches this SuperLink."""
    make_folder(home(state), private=True)
    here = {"address": address, "root-certificates": str(root.absolute())}
    connections = {"superlink": {"default": "mine", "mine": here}}
    write(home(state) / "config.toml", tomli_w.dumps(connections).encode(), private=True)


def _start_servers(state: Path, address: str, root: Path, secret: bytes) -> None:
    """Start a process for the server of each run; its token is in no list of processes."""
    command = [str(Path(sys.executable).with_name("flwr-serverapp"))]
    command += ["--runtime-api-address", address, "--root-certificates", str(root)]
    command += ["--parent-pid", str(os.getpid())]
    started: dict[Path, subprocess.Popen[bytes]] = {}
    for number, token in enumerate(tokens(address, root.read_bytes(), secret, TaskType.SERVER_APP)):
        for ended in [path for path, process in started.items() if process.poll() is not None]:
            ended.unlink(missing_ok=True)
            del started[ended]
        file = state / f"task-{number}.token"
        write(file, token.encode(), private=True)
        started[file] = subprocess.Popen([*command, "--token-file", str(file)])
