"""Run the stand-in: `python -m standins.registries --port 8092 --state r.sqlite --sample FOLDER`.

The folder has what `kundvakt registry generate` writes.
"""

import argparse
import asyncio
from pathlib import Path

from standins import logs
from standins.registries import foreign, sample
from standins.registries.app import build
from standins.registries.store import opened
from standins.serving import serve


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="standins.registries", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and logs it")
    parser.add_argument("--state", type=Path, required=True, help="the SQLite file")
    parser.add_argument("--sample", type=Path, required=True, help="the folder of a sample")
    return parser.parse_args()


def main() -> None:
    """Run."""
    options = arguments()
    logs.configure()
    store = opened(options.state)
    foreign.load(store)
    documents = sample.load(store, options.sample)
    asyncio.run(serve(build(store), options.host, options.port, documents=documents))
    store.close()


if __name__ == "__main__":
    main()
