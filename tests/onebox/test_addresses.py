"""A free port is one's own from when it is given, not only from when something listens there."""

import socket
import subprocess
import sys

import pytest

from onebox import addresses
from onebox.addresses import LOOPBACK, PORTS, free_port, is_taken

GIVE = "from onebox import addresses; addresses.PORTS = range({}, {}); print(addresses.free_port())"


def test_whoever_was_given_a_port_can_listen_there_again_and_again() -> None:
    port = free_port()
    for _ in range(2):
        with socket.create_server((LOOPBACK, port)):
            assert is_taken(port)
        assert not is_taken(port)


def test_no_other_process_is_given_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    two = next(n for n in PORTS if not (is_taken(n) or is_taken(n + 1)))
    monkeypatch.setattr(addresses, "PORTS", range(two, two + 1))
    assert free_port() == two
    asked = [sys.executable, "-c", GIVE.format(two, two + 2)]
    for _ in range(4):
        given = subprocess.check_output(asked, text=True, timeout=30)  # noqa: S603
        assert given.strip() == str(two + 1)
