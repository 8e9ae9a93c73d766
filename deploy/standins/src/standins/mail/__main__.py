"""Run it: `python -m standins.mail --port 8026 --smtp-port 8025 --state mail.sqlite`."""

import argparse
import asyncio
import signal
import socket
from pathlib import Path

import uvicorn

from standins.creditsafe import logs
from standins.creditsafe.__main__ import STOP_SECONDS_MAX, Server
from standins.creditsafe.store import Store
from standins.mail.app import build
from standins.mail.catcher import listen
from standins.mail.caught import SCHEMA


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.mail", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="of the page; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=0, help="of SMTP; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Catch mails until SIGTERM or SIGINT."""
    store = Store(options.state, SCHEMA)
    smtp = await listen(store, options.host, options.smtp_port)
    smtp_port = smtp.sockets[0].getsockname()[1]
    server = Server(
        uvicorn.Config(
            build(store, smtp_port),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )
    )
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, setattr, server, "should_exit", True)
    listener = socket.create_server((options.host, options.port))
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    logs.log("listening", url=url, smtp=f"smtp://{options.host}:{smtp_port}")
    await server.serve(sockets=[listener])
    smtp.close()
    store.close()
    logs.log("stopped")


def main() -> None:
    """Run."""
    logs.configure()
    asyncio.run(serve(arguments()))


if __name__ == "__main__":
    main()
