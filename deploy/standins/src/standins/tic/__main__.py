"""Run the stand-in: `python -m standins.tic --port 8094 --state tic.sqlite`."""

import argparse
import asyncio
from pathlib import Path

from standins import logs
from standins.serving import serve
from standins.tic.app import build
from standins.tic.store import opened


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.tic", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and logs it")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    parser.add_argument("--key", default="demo")
    return parser.parse_args()


def main() -> None:
    """Run."""
    options = arguments()
    logs.configure()
    store = opened(options.state)
    asyncio.run(serve(build(store, options.key), options.host, options.port))
    store.close()


if __name__ == "__main__":
    main()
