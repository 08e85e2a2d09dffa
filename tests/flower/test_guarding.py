"""Who comes past the guard of a SuperLink, and when a node begins to take tasks."""

import asyncio
import datetime
import socket
from base64 import b64encode
from collections.abc import MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import HTTPException
from flwr.common.constant import SUPERLINK_NODE_ID
from flwr.proto.error_pb2 import Error
from flwr.proto.fleet_pb2 import PushMessagesRequest
from flwr.proto.message_pb2 import Message, Metadata, ObjectTree
from flwr.proto.node_pb2 import Node as FlowerNode
from flwr.supercore.primitives.asymmetric import public_key_to_bytes, sign_message
from flwr.superlink.routers.fleet import router
from flwr.superlink.servicer.fleet import fleet_handlers

from fedras.errors import FedrasError
from fedras.flower import supernode
from fedras.flower.superlink import Guard, own_messages
from fedras.nodes.node.node import Node
from fedras.nodes.node.own_data import Source

TOKEN = "the-operator's"  # noqa: S105
MINE, OTHERS = (ec.generate_private_key(ec.SECP384R1()) for _ in range(2))
SERVER, FAR = ("10.0.0.1", 8000), ("10.0.0.2", 40000)
OPERATOR = [("authorization", f"Bearer {TOKEN}")]


def signed(
    key: ec.EllipticCurvePrivateKey, shown: ec.EllipticCurvePrivateKey
) -> list[tuple[str, str]]:
    """Return what a SuperNode that has ``key`` adds to a request when it shows another's."""
    time = datetime.datetime.now(datetime.UTC).isoformat()
    return [
        ("flwr-public-key", b64encode(public_key_to_bytes(shown.public_key())).decode()),
        ("flwr-signature", b64encode(sign_message(key, time.encode())).decode()),
        ("flwr-timestamp", time),
    ]


def ask(path: str, headers: list[tuple[str, str]], peer: Any = FAR, kind: str = "http") -> Any:
    """Return the status of a request, 200 if it came to Flower, and whether its body was read."""
    said: list[MutableMapping[str, Any]] = []
    read = False

    async def flower(_: Any, __: Any, send: Any) -> None:
        await send({"status": 200})

    async def receive() -> MutableMapping[str, Any]:
        nonlocal read
        read = True
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    known = public_key_to_bytes(MINE.public_key())
    guard = Guard(flower, TOKEN, lambda key: key == known)
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": kind, "path": path, "headers": encoded, "client": peer, "server": SERVER}
    asyncio.run(guard(scope, receive, send))
    return said[0].get("status", said[0].get("code")), read


@pytest.mark.parametrize(
    ("path", "headers", "peer"),
    [
        ("/v1/control/list-runs", OPERATOR, FAR),
        ("/v1/fleet/pull-messages", signed(MINE, MINE), FAR),
        ("/v1/runtime/acquire-task", [], ("127.0.0.1", 1)),
        ("/v1/runtime/acquire-task", [], ("10.0.0.1", 1)),
    ],
)
def test_who_may_comes_in(path: str, headers: list[tuple[str, str]], peer: Any) -> None:
    assert ask(path, headers, peer) == (200, False)


@pytest.mark.parametrize("path", ["list-runs", "start-run", "register-node", "get-login-details"])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        OPERATOR * 2,
        [("authorization", TOKEN)],
        [("authorization", "Bearer ")],
        [("authorization", f"Bearer {TOKEN[:-1]}")],
        signed(MINE, MINE),
    ],
)
def test_control_is_the_operators(path: str, headers: list[tuple[str, str]]) -> None:
    assert ask(f"/v1/control/{path}", headers) == (403, False)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        OPERATOR,
        signed(OTHERS, OTHERS),
        signed(OTHERS, MINE),
        signed(MINE, MINE) * 2,
        signed(MINE, MINE)[:2],
        [(name, "no base64!") for name, _ in signed(MINE, MINE)],
    ],
)
def test_nothing_is_read_of_who_is_no_node(headers: list[tuple[str, str]]) -> None:
    """Flower reads a whole body, of any size, before it looks who sent it."""
    assert ask("/v1/fleet/pull-messages", headers) == (401, False)
    assert ask("/v1/fleet/activate-node", headers) == (412, False)


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/openapi.json", "/health", "//v1/control/x", "/v1/responses", "/V1/fleet/x"],
)
def test_there_is_no_other_way_in(path: str) -> None:
    assert ask(path, OPERATOR + signed(MINE, MINE), ("127.0.0.1", 1)) == (403, False)


def test_the_runtime_is_for_this_machine() -> None:
    assert ask("/v1/runtime/acquire-task", OPERATOR) == (403, False)
    assert ask("/v1/runtime/acquire-task", OPERATOR, None) == (403, False)


def test_sockets_of_another_kind_are_closed() -> None:
    assert ask("/v1/control/list-runs", OPERATOR, kind="websocket") == (1008, False)


def pushed(source: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return from whom Flower believes a message to be that node 5 pushes in another's name."""
    state = MagicMock(**{"start_session.return_value": "session"})
    state.store_message_and_object_tree.return_value = True, []
    metadata = Metadata(
        message_id="m", src_node_id=source, dst_node_id=7, ttl=9.0, message_type="query"
    )
    request = PushMessagesRequest(
        node=FlowerNode(node_id=5),
        messages_list=[Message(metadata=metadata, error=Error(code=1))],
        message_object_trees=[ObjectTree()],
    )
    own = own_messages(fleet_handlers.push_messages)
    monkeypatch.setattr(fleet_handlers, "push_messages", own)
    router.fleet_push_messages(request, state)
    stored = state.store_message_and_object_tree.call_args_list
    return [call.args[0].metadata.src_node_id for call in stored]


def test_a_node_speaks_in_no_name_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for another node nor, to another node, for the server."""
    assert pushed(5, monkeypatch) == [5]
    for source in (6, SUPERLINK_NODE_ID):
        with pytest.raises(HTTPException):
            pushed(source, monkeypatch)


def idle(tmp_path: Path) -> Node:
    return Node(tmp_path / "node", Source(str(tmp_path / "data.csv")), tmp_path / "items.csv")


def test_a_node_takes_tasks_only_from_its_own_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was there first could ask it like a server; nor is an app opened."""
    steps: list[str] = []
    command = import_module("flwr.supernode.cli.flower_supernode")
    internal = import_module("flwr.supernode.start_client_internal")

    def flower() -> None:
        steps.append("listens")
        command.start_client_internal()
        assert internal.get_fused_config_from_fab(b"no archive", None) == {}

    monkeypatch.setattr(internal, "get_fused_config_from_fab", internal.get_fused_config_from_fab)
    monkeypatch.setattr(command, "start_client_internal", lambda: steps.append("connects"))
    monkeypatch.setattr(supernode, "flower_supernode", flower)
    monkeypatch.setattr(supernode, "beside", lambda _: steps.append("works"))
    monkeypatch.setattr("sys.argv", [])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FedrasError, match=f"port {port} of the loopback"):
            supernode.serve(idle(tmp_path), "localhost:1", tmp_path, tmp_path, port)
        assert steps == []
    supernode.serve(idle(tmp_path), "localhost:1", tmp_path, tmp_path, port)
    assert steps == ["listens", "works", "connects"]
