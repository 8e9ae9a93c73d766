"""The registry's changes: how many a second, and how soon each is found."""

import time
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.registry.loaded import Ours
from benchmarks.rounds import percentile, rate
from benchmarks.row import Row
from enrichment.changes import Change, take_changes
from enrichment.formats.listing import Listing
from enrichment.formats.source import BRREG_UNITS
from enrichment.names import name_key
from enrichment.sample.company import AS_OF, companies

SEED = 77
"""Other names than are in the registry, many of them words never seen before."""
BATCH = 100
BATCHES = 20
FRESH = 40
RATE_AIM = 300
FRESH_MS_AIM = 50


def _changes(count: int, seed: int) -> list[Change]:
    return [
        Change(
            BRREG_UNITS,
            Listing(
                "NO",
                one.number,
                None,
                {
                    "name": one.name,
                    "key": name_key(one.name),
                    "registered_on": str(one.registered_on),
                    "employees": {"low": one.employed, "high": one.employed},
                    "municipality": {"code": one.place.code},
                },
            ),
            AS_OF,
        )
        for one in companies(seed, "NO", count)
    ]


async def fed(writer: Any, reader: Any) -> AsyncIterator[Row]:
    """Take changes in in batches; then one at a time, and look for each on another connection."""
    changes = _changes(BATCH * BATCHES, SEED)
    began = time.perf_counter()
    for start in range(0, len(changes), BATCH):
        await take_changes(writer, changes[start : start + BATCH])
    per_second = len(changes) / (time.perf_counter() - began)
    yield Row(
        f"registry: changes, {BATCH} at a time",
        rate(per_second),
        aim=f"≥ {RATE_AIM}/s",
        met=per_second >= RATE_AIM,
        why="each touches pages of eight indexes for the first time",
    )
    took, missed, ours = [], 0, Ours(reader)
    for change in _changes(FRESH, SEED + 1):
        await take_changes(writer, [change])
        committed = time.perf_counter()
        key = change.listing.facts["key"]
        missed += key not in await ours.find(key)
        took.append(time.perf_counter() - committed)
    yield Row(
        "registry: a change, from its commit until it is found",
        f"{percentile(took, 50):.1f} / {percentile(took, 99):.1f} ms, {missed} not found",
        aim=f"p99 ≤ {FRESH_MS_AIM} ms",
        met=percentile(took, 99) <= FRESH_MS_AIM and not missed,
        why="a slip of the disk",
    )
