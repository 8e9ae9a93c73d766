"""Run the stand-in: `python -m standins.creditsafe --port 8091 --state creditsafe.sqlite`."""

import argparse
import asyncio
from pathlib import Path

from standins import logs
from standins.creditsafe.app import build
from standins.creditsafe.store import opened
from standins.creditsafe.tokens import Account
from standins.serving import serve


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


def main() -> None:
    """Run."""
    options = arguments()
    logs.configure()
    store = opened(options.state)
    app = build(store, Account(options.username, options.password), options.demo_every)
    asyncio.run(serve(app, options.host, options.port, state=str(options.state)))
    store.close()


if __name__ == "__main__":
    main()
