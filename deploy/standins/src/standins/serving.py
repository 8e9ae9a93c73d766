"""How a stand-in is served until it is asked to stop."""

import asyncio
import signal
import socket

import uvicorn
from fastapi import FastAPI

from standins.creditsafe import logs
from standins.creditsafe.__main__ import STOP_SECONDS_MAX, Server
from standins.creditsafe.store import Store


async def serve(app: FastAPI, store: Store, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS_MAX
    )
    server = Server(config)
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, setattr, server, "should_exit", True)
    listener = socket.create_server((host, port))
    logs.log("listening", url=f"http://{host}:{listener.getsockname()[1]}")
    await server.serve(sockets=[listener])
    store.close()
    logs.log("stopped")
