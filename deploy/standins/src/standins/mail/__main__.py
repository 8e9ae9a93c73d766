"""Run it: `python -m standins.mail --port 8026 --smtp-port 8025 --state mail.sqlite`."""

import argparse
import asyncio
from pathlib import Path

from standins import logs
from standins.mail.app import build
from standins.mail.catcher import listen
from standins.mail.caught import SCHEMA
from standins.serving import serve
from standins.store import Store


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.mail", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="of the page; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, default=0, help="of SMTP; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    return parser.parse_args()


async def catch(options: argparse.Namespace) -> None:
    """Catch mails until SIGTERM or SIGINT."""
    store = Store(options.state, SCHEMA)
    smtp = await listen(store, options.host, options.smtp_port)
    port = smtp.sockets[0].getsockname()[1]
    app = build(store, port)
    await serve(app, options.host, options.port, smtp=f"smtp://{options.host}:{port}")
    smtp.close()
    store.close()


def main() -> None:
    """Run."""
    logs.configure()
    asyncio.run(catch(arguments()))


if __name__ == "__main__":
    main()
