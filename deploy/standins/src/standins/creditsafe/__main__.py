"""Run the stand-in: `python -m standins.creditsafe --port 8091 --state creditsafe.sqlite`."""

import argparse
import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from standins.creditsafe import logs
from standins.creditsafe.app import build
from standins.creditsafe.store import Store
from standins.creditsafe.tokens import Account

STOP_SECONDS_MAX = 3


class Server(uvicorn.Server):
    """uvicorn that leaves signals to us, so that being asked to stop is no failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them be."""
        yield


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.creditsafe", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and logs it")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    parser.add_argument("--demo-every", type=float, default=None, metavar="SECONDS")
    parser.add_argument("--username", default="demo")
    parser.add_argument("--password", default="demo")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    store = Store(options.state)
    account = Account(options.username, options.password)
    app = build(store, account, options.demo_every)
    server = Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )
    )
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, setattr, server, "should_exit", True)
    listener = socket.create_server((options.host, options.port))
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    logs.log("listening", url=url, state=str(options.state))
    await server.serve(sockets=[listener])
    store.close()
    logs.log("stopped")


def main() -> None:
    """Run."""
    logs.configure()
    asyncio.run(serve(arguments()))


if __name__ == "__main__":
    main()
