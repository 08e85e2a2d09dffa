"""A relay on the loopback that counts what crosses: the bytes that sockets really carried."""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)


@dataclass
class Carried:
    """Bytes that TCP carried, TLS and all, to the server and from it, and connections opened."""

    up: int = 0
    down: int = 0
    connections: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, up: int = 0, down: int = 0, connections: int = 0) -> None:
        """Count more."""
        with self._lock:
            self.up += up
            self.down += down
            self.connections += connections


class Relay:
    """Listens on a free port of the loopback and passes all on to another; `close` stops it.

    Attributes
    ----------
    port
        Where it listens.
    carried
        What has crossed so far.
    """

    def __init__(self, target: int) -> None:
        self.target, self.carried = target, Carried()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening and cut what is connected."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target))
        except OSError:  # a reset, as nobody listens: at an end of file SuperNodes give up
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            near.close()
            return
        with near, suppress(OSError), far:
            self.carried.add(connections=1)
            self._open |= {near, far}
            up = threading.Thread(target=self._pass, args=(near, far, "up"), daemon=True)
            up.start()
            self._pass(far, near, "down")
            up.join()
            self._open -= {near, far}

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self.carried.add(**{way: len(data)})
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
