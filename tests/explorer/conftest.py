"""A trained federation whose ids and titles are hostile, served as ``fedras explore`` does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Thread
from typing import NamedTuple

import pytest
from helpers.small_runs import SMALL

from fedras.api import fit
from fedras.explorer import serving
from fedras.explorer.site import site
from fedras.run.recommender import Recommender

EVIL = '"><script>alert(1)</script>'
N_ITEMS = 60
ITEMS = [f"i{n}" if n != 6 else f"i6{EVIL}" for n in range(N_ITEMS)]
TITLES = {item: f"Film {n}, The" for n, item in enumerate(ITEMS)} | {
    "i3": EVIL,
    "i4": "Zo\u00eb \u202e& 'Co' <b>",
    "i5": "",
    "i7": "Film " + "very " * 60 + "long",
}
USERS = [f"u{n:02}" for n in range(20)] + [EVIL, "a b&id=u01", "0", "-"]


class Reply(NamedTuple):
    """An answer of the server."""

    status: int
    headers: dict[str, str]
    text: str


class Served(NamedTuple):
    """A server that runs, and what it shows."""

    model: Recommender
    url: str

    def ask(self, path: str, method: str = "GET", **headers: str) -> Reply:
        connection = HTTPConnection(self.url.split("/")[2], timeout=60)
        try:
            connection.request(method, path, headers=headers)
            reply = connection.getresponse()
            said = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, said, reply.read().decode())
        finally:
            connection.close()


@contextmanager
def serving_of(model: Recommender) -> Iterator[Served]:
    with serving.listener(0) as listening:
        server = serving.server(site(model, "run <b>"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Served(model, serving.address(listening))
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def model() -> Recommender:
    """Each user has some dozen items, the first ones more often."""
    rows = [
        (user, ITEMS[(at * at + 7 * n) % (N_ITEMS - 2 * (n % 20))], at)
        for n, user in enumerate(USERS)
        for at in range(16)
    ]
    users, items, times = zip(*rows, strict=True)
    table = {"user": list(users), "item": list(items), "time": list(times)}
    made_up = "dataset", "users", "items", "interactions"
    options = {name: value for name, value in SMALL.items() if name not in made_up}
    options |= {"rounds": 4, "compression_rate": 0.5}
    return fit(table, items=TITLES, progress=False, **options)


@pytest.fixture(scope="module")  # whoever comes later may look at what listens
def served(model: Recommender) -> Iterator[Served]:
    with serving_of(model) as running:
        yield running
