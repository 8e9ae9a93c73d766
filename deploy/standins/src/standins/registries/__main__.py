"""Run the stand-in: `python -m standins.registries --port 8092 --state r.sqlite --sample FOLDER`.

The folder has what `kundvakt registry generate` writes.
"""

import argparse
import asyncio
import signal
import socket
from pathlib import Path

import uvicorn

from standins.creditsafe import logs
from standins.creditsafe.__main__ import STOP_SECONDS_MAX, Server
from standins.registries import foreign, sample
from standins.registries.app import build
from standins.registries.store import opened


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.registries", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and logs it")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    parser.add_argument("--sample", type=Path, required=True, help="the folder of a sample")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    store = opened(options.state)
    foreign.load(store)
    documents = sample.load(store, options.sample)
    config = uvicorn.Config(
        build(store),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
    server = Server(config)
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, setattr, server, "should_exit", True)
    listener = socket.create_server((options.host, options.port))
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    logs.log("listening", url=url, documents=documents)
    await server.serve(sockets=[listener])
    store.close()
    logs.log("stopped")


def main() -> None:
    """Run."""
    logs.configure()
    asyncio.run(serve(arguments()))


if __name__ == "__main__":
    main()
