"""`make bench`: measure, print a table a page, write the pages `docs/benchmarks*.md`."""

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
    credit,
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

DOCS = Path(__file__).parents[1] / "docs"
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
    "credit": credit.measure,
}

PAGES = {
    "benchmarks": tuple(name for name in MEASURES if name not in {"registry", "credit"}),
    "benchmarks-registry": ("registry",),
    "benchmarks-credit": ("credit",),
}
"""What is measured for each page of the docs; the registry at real size takes a while of its own.
"""


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
    """Measure what is named, or everything; only all of a page is written down."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *PAGES, *MEASURES], help="all without any")
    parser.add_argument("--fast", action="store_true", help="only see that it works")
    asked = parser.parse_args()
    logs.configure("columns", "ERROR")
    told, broken = machine.described(), False
    wanted = [measure for name in asked.names for measure in PAGES.get(name, (name,))]
    for page, names in PAGES.items():
        measures = [name for name in names if name in wanted or not wanted]
        if not measures:
            continue
        with tempfile.TemporaryDirectory(prefix="kundvakt-", ignore_cleanup_errors=True) as home:
            stage = Stage(Path(home), SMALL if asked.fast else Scale())
            rows = uvloop.run(taken(stage, measures))
        print("\n".join([*told, "", for_terminal(rows)]), flush=True)  # noqa: T201 - what it is for
        if measures == list(names) and not asked.fast:
            facts = "\n".join(f"- {line}" for line in told)
            (DOCS / f"{page}.md").write_text(f"{HEAD}\n{facts}\n\n{for_docs(rows)}\n")
        broken = broken or any(row.broken for row in rows)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
