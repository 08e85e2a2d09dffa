"""The tasks of a node: each for itself."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from flwr.app import RecordDict

from fedras.flower import supernode
from fedras.nodes.node.node import Node
from fedras.nodes.node.own_data import Source


def test_a_message_that_never_arrives_whole_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flower leaves the task of a message whose rest went with a SuperLink that was killed."""
    never, done = threading.Event(), threading.Event()
    pushed: list[str] = []

    def pull(client: Any) -> tuple[Any, str]:
        if client.token == "cut off":  # noqa: S105
            never.wait()
        return SimpleNamespace(content=RecordDict()), client.token

    def push(_: Any, __: Any, token: str) -> None:
        pushed.append(token)
        done.set()

    monkeypatch.setattr(supernode, "tokens", lambda *_: iter(["cut off", "whole"]))
    monkeypatch.setattr(supernode, "of_task", lambda _, __, token: MagicMock(token=token))
    for name in ("HeartbeatSender", "make_task_heartbeat_fn_http", "Message", "push_task_output"):
        monkeypatch.setattr(supernode, name, MagicMock())
    monkeypatch.setattr(supernode, "pull_task_input", pull)
    monkeypatch.setattr(supernode, "push_message", push)
    node = Node(tmp_path / "node", Source(str(tmp_path / "data.csv")), tmp_path / "items.csv")
    threading.Thread(target=supernode._work, args=(node, "", b""), daemon=True).start()
    try:
        assert done.wait(30)
        assert pushed == ["whole"]
    finally:
        never.set()
