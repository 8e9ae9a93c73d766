"""`make bench`: measure, print one table, write `docs/benchmarks.md`."""

import argparse
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import uvloop

from benchmarks import machine
from benchmarks.measures import (
    append,
    commands,
    footprint,
    latency,
    listeners,
    projection,
    rebuild,
    registry,
    relay,
    start,
)
from benchmarks.row import Row, failed, for_docs, for_terminal
from benchmarks.stage import SMALL, Scale, Stage
from chassis import logs

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`: each measure with its limit or a peer beside it, taken in turns in the
same run, the median of three rounds; times are p50 / p99. Servers have the settings they are
shipped with: every commit and every publication is on disk before it is answered.
"""
MEASURES: dict[str, Callable[[Stage], AsyncIterator[Row]]] = {
    "append": append.measure,
    "relay": relay.measure,
    "projection": projection.measure,
    "commands": commands.measure,
    "latency": latency.measure,
    "listeners": listeners.measure,
    "footprint": footprint.measure,
    "rebuild": rebuild.measure,
    "registry": registry.measure,
    "start": start.measure,
}


async def taken(stage: Stage, names: Sequence[str]) -> list[Row]:
    """Take the measures one after the other; one that fails keeps none of the others."""
    rows: list[Row] = []
    for name in names:
        began = time.monotonic()
        try:
            async for row in MEASURES[name](stage):
                rows.append(row)  # noqa: PERF401 - what came before a failure is kept
        except Exception as error:  # noqa: BLE001 - the table says so
            rows.append(failed(name, error))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)  # noqa: T201
    await stage.clear()
    return rows


def main() -> int:
    """Measure what is named, or everything; only a whole run is written down."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *MEASURES], help="all without a name")
    parser.add_argument("--fast", action="store_true", help="only see that it works")
    asked = parser.parse_args()
    logs.configure("columns", "ERROR")
    with tempfile.TemporaryDirectory(prefix="kundvakt-", ignore_cleanup_errors=True) as home:
        stage = Stage(Path(home), SMALL if asked.fast else Scale())
        rows = uvloop.run(taken(stage, asked.names or list(MEASURES)))
    told = machine.described()
    print("\n".join([*told, "", for_terminal(rows)]))  # noqa: T201 - what it is for
    if not asked.names and not asked.fast:
        facts = "\n".join(f"- {line}" for line in told)
        PAGE.write_text(f"{HEAD}\n{facts}\n\n{for_docs(rows)}\n")
    return int(any(row.broken for row in rows))


if __name__ == "__main__":
    sys.exit(main())
