"""How a stand-in is served until it is asked to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from standins import logs

STOP_SECONDS_MAX = 3


class Server(uvicorn.Server):
    """uvicorn that leaves signals to us, so that being asked to stop is no failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them be."""
        yield


def listening(host: str, port: int) -> socket.socket:
    """Begin to listen, 0 at a free port.

    asyncio sends at once only on sockets whose protocol is named, and of this one it is not: the
    second part of every answer would wait 40 ms for the first to be acknowledged.
    """
    listener = socket.create_server((host, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def serve(app: FastAPI, host: str, port: int, **more: object) -> None:
    """Serve until SIGTERM or SIGINT; what else is said of it stands in the log's first line."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS_MAX
    )
    server = Server(config)
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, setattr, server, "should_exit", True)
    listener = listening(host, port)
    logs.log("listening", url=f"http://{host}:{listener.getsockname()[1]}", **more)
    await server.serve(sockets=[listener])
    logs.log("stopped")
