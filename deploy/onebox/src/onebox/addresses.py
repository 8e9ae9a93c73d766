"""Where things are reached: free ports, and the same server's URL as another user."""

import secrets
import socket
import sys
from urllib.parse import urlsplit, urlunsplit

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below what Linux (32768), the IANA and the BSDs (49152) take for outgoing connections."""


def free_port() -> int:
    """Return a port of this machine that nothing listens on and nobody was given.

    It lies below those that outgoing connections get: none of them, least of all one that tries
    to reach a process just being started again, can take its port away meanwhile. On Linux no
    other process is given it either for as long as this one lives: a socket that never listens
    stays bound to it. Whoever asks for it by number can listen there (socket(7): `SO_REUSEADDR`,
    which servers set).
    """
    while True:
        port = secrets.choice(PORTS)
        holding = socket.socket()
        try:
            holding.bind((LOOPBACK, port))
        except OSError:
            holding.close()
            continue
        if sys.platform == "linux":
            # Only now: set before, it would not see what others hold.
            holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holding.detach()
        else:
            # The BSDs let nobody listen beside it, whatever is set.
            holding.close()
        return port


def is_taken(port: int) -> bool:
    """Say whether something listens on a port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def as_user(url: str, user: str, password: str) -> str:
    """Return a server's URL, or several by comma, as another user."""
    return ",".join(_as_user(one, user, password) for one in url.split(","))


def as_role(url: str, role: str, password: str, database: str) -> str:
    """Return a Postgres URL as another role, leading to another database."""
    return urlunsplit(urlsplit(_as_user(url, role, password))._replace(path=f"/{database}"))


def _as_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))
