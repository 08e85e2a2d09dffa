import socket
import threading

import pytest

from fedras.flower.relay import Relay


def _echo(listener: socket.socket) -> None:
    near, _ = listener.accept()
    with near:
        while data := near.recv(1 << 16):
            near.sendall(data + data)


def test_all_that_passes_is_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as target:
        threading.Thread(target=_echo, args=(target,), daemon=True).start()
        relay = Relay(target.getsockname()[1])
        try:
            with socket.create_connection(("127.0.0.1", relay.port), timeout=30) as client:
                client.sendall(bytes(1000))
                client.shutdown(socket.SHUT_WR)
                found = 0
                while data := client.recv(1 << 16):
                    found += len(data)
            assert found == 2000
            carried = relay.carried
            assert (carried.up, carried.down, carried.connections) == (1000, 2000, 1)
        finally:
            relay.close()


def test_a_connection_to_nobody_is_reset() -> None:
    """As without a relay; at an orderly end, which TLS takes for an error, SuperNodes give up."""
    with socket.create_server(("127.0.0.1", 0)) as target:
        port = target.getsockname()[1]
    relay = Relay(port)
    try:
        with (
            pytest.raises(ConnectionResetError),
            socket.create_connection(("127.0.0.1", relay.port), timeout=30) as client,
        ):
            client.recv(1)
    finally:
        relay.close()
