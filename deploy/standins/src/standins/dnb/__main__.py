"""Run the stand-in: `python -m standins.dnb --port 8093 --state dnb.sqlite`."""

import argparse
import asyncio
from pathlib import Path

from standins import logs
from standins.dnb.app import build
from standins.dnb.store import opened
from standins.serving import serve


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.dnb", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and logs it")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    parser.add_argument("--key", default="demo")
    parser.add_argument("--secret", default="demo")
    return parser.parse_args()


def main() -> None:
    """Run."""
    options = arguments()
    logs.configure()
    store = opened(options.state)
    app = build(store, f"{options.key}:{options.secret}")
    asyncio.run(serve(app, options.host, options.port))
    store.close()


if __name__ == "__main__":
    main()
