"""A node's data in a real PostgreSQL server, where Debian's package and psycopg are installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.databases import fill, histories

from fedras.nodes.node.own_data import Source

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def call(command: list[str]) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


@pytest.fixture
def url() -> Iterator[str]:
    pytest.importorskip("psycopg")
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed")
    folder = Path("/tmp") / f"fedras-postgresql-{os.getpid()}"  # noqa: S108 -- postgres must reach it
    folder.mkdir(mode=0o777)
    shutil.chown(folder, "postgres") if os.geteuid() == 0 else None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    options = f"-p {port} -h 127.0.0.1 -k {folder}"
    control = [*as_owner, str(PROGRAMS[-1] / "pg_ctl"), "-D", str(folder / "db"), "-w"]
    make = ["-o", "--auth=trust --username=postgres", "initdb"]
    call([*control[:-1], *make])
    log = ["-l", str(folder / "log"), "-o", options]
    call([*control, *log, "start"])
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        call([*control, "-m", "immediate", "stop"])
        shutil.rmtree(folder)


@pytest.mark.slow
def test_a_table_in_postgresql(url: str) -> None:
    fill(url)
    assert histories(Source(url, "ratings")) == ({"u": [2, 1], "v": [0]}, 2)
