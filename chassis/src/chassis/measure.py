"""What is waiting, counted in Postgres: a process that hangs cannot report that it is well."""

import asyncio

import structlog

from chassis import metrics
from chassis.postgres import TRANSIENT
from chassis.site import Site

log = structlog.get_logger()

MEASURE_SECONDS = 2.0
BEHIND_HISTORY = """
SELECT name, (SELECT coalesce(max(seq), 0) FROM history) - position AS behind FROM projections
"""


async def measure(site: Site) -> None:
    """Count for as long as the service runs."""
    while True:
        try:
            await _count(site)
        except TRANSIENT as error:
            log.warning("not measured", error=repr(error))
        await asyncio.sleep(MEASURE_SECONDS)


async def _count(site: Site) -> None:
    rows = await site.pool.fetch("SELECT consumer, count(*) AS waiting FROM parked GROUP BY 1")
    metrics.PARKED.clear()
    metrics.PARKED.labels(site.service.name).set(0)
    for row in rows:
        metrics.PARKED.labels(row["consumer"]).set(row["waiting"])
    if site.service.projections:
        for row in await site.pool.fetch(BEHIND_HISTORY):
            metrics.LAG.labels(row["name"], "history").set(row["behind"])
