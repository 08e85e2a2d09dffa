"""The command that serves a page: what it says, whom it lets in, and how it ends."""

import shutil
import signal
import socket
import sys
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import pytest
from helpers.nodes_in_process import PATIENCE, Perfect, config, make_nodes
from helpers.small_federation import interactions
from helpers.small_runs import Fedras, start

from fedras.api import load
from fedras.errors import FedrasError
from fedras.explorer import serving
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.node.offline import load_node
from fedras.nodes.server.run import open_run

_PATIENCE = 120.0  # seconds
_BROWSER = """
import os, sys
os.environ["BROWSER"] = {browser!r}
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(number: signal.Signals, finished: Path) -> None:
    process = start("explore", finished, "--no-browser")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with urlopen(f"{url}user?id=3") as reply:  # noqa: S310 -- ours
            page = reply.read().decode()
        (best, *_) = load(finished).recommend("3")
        assert f"/item?id={best.item}" in page
        assert "<h1>User 3</h1>" in page
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2].rstrip("/")))):
            process.send_signal(number)  # while somebody is there who asks nothing
            out, err = process.communicate(timeout=_PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    first, last = err.splitlines()
    assert "40 users" in first
    assert "until Ctrl-C" in first
    assert last == "fedras: stopped"


def test_a_browser_is_sent_there(finished: Path, tmp_path: Path) -> None:
    script, seen = tmp_path / "browser.py", tmp_path / "seen"
    script.write_text(f"import sys; open({str(seen)!r}, 'w').write(sys.argv[1])")
    process = start(
        "explore", finished, code=_BROWSER.format(browser=f"{sys.executable} {script} %s")
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        end = monotonic() + _PATIENCE
        while not (seen.exists() and seen.read_text()) and monotonic() < end:
            sleep(0.05)
        assert seen.read_text() == url
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_PATIENCE)
    assert process.returncode == 130


def test_only_this_machine_is_listened_to() -> None:
    with serving.listener(0) as listening:
        host, port = listening.getsockname()
        assert host == "127.0.0.1"
        assert serving.address(listening) == f"http://127.0.0.1:{port}/"


def test_a_port_that_is_taken(fedras: Fedras, finished: Path) -> None:
    with serving.listener(0) as listening:
        port = listening.getsockname()[1]
        answer = fedras("explore", finished, "--no-browser", "--port", port)
    assert answer == (
        1,
        "",
        f"fedras: error: cannot listen at port {port}: Address already in use; leave out --port "
        "for one that is free\n",
    )


def test_without_the_extra(fedras: Fedras, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None if name == "uvicorn" else name)
    answer = fedras("explore", finished, "--no-browser")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("fedras: error: the explorer needs uvicorn; run: pip install ")
    assert '"starlette>=' in answer.err
    assert len(answer.err.splitlines()) == 1


def test_what_cannot_be_shown_is_said_as_by_the_other_commands(
    fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    broken, begun, odd = (tmp_path / name for name in ("broken", "begun", "odd"))
    for folder in (broken, begun, odd):
        shutil.copytree(finished, folder)
    (checkpoint,) = broken.glob("checkpoint*")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    (begun / checkpoint.name).unlink()
    (odd / "config.toml").write_text("rounds = 'many'")
    for given in (
        [tmp_path / "nothing"],
        [broken],
        [begun],
        [odd],
        [],
        [finished, "--node", finished],
        ["--node", finished],
        [finished, "--dataset", tmp_path / "moved.csv"],
    ):
        expected = fedras("similar", *given, "--item", "1")
        assert fedras("explore", *given, "--no-browser") == expected
        assert expected.status in {1, 2}
        assert expected.out == ""
        assert len(expected.err.splitlines()) == 1


def test_of_a_federation_the_nodes_are_shown(tmp_path: Path) -> None:
    link = Perfect(make_nodes(2, tmp_path))
    catalogue = Catalogue.of(interactions())
    run = open_run(tmp_path / "run", config(rounds=2), catalogue, link, PATIENCE)
    run.federation.gather(2)
    list(run.rounds())
    run.close()
    with pytest.raises(FedrasError, match=r"is of nodes, .* ask one of them"):
        load(tmp_path / "run", interactions=interactions())
    process = start("explore", "--node", tmp_path / "node-1", "--no-browser")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urlopen(url) as reply:  # noqa: S310 -- ours
            page = reply.read().decode()
        for node in (0, 1):
            for user in load_node(tmp_path / f"node-{node}").users:
                assert (f"<bdi>{user}</bdi>" in page) == bool(node)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_PATIENCE)
