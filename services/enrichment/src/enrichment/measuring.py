"""Our copy of the registries and the feeds, counted in Postgres for Prometheus."""

import asyncio

import structlog

from chassis.postgres import TRANSIENT
from chassis.tenancy import Pool
from enrichment import metrics

log = structlog.get_logger()

MEASURE_SECONDS = 5.0
"""Prometheus asks every fifteen seconds or so."""
COPIES = """
SELECT country, entries, units, extract(epoch FROM now() - as_of)::float AS age
FROM registry.sources
"""
FEEDS = """
SELECT source, feed, id, "left", extract(epoch FROM now() - read_at)::float AS age
FROM feed_positions
"""


async def measure_for_ever(pool: Pool) -> None:
    """Measure for as long as the service runs."""
    while True:
        try:
            await measure(pool)
        except TRANSIENT as error:
            log.warning("not measured", error=repr(error))
        await asyncio.sleep(MEASURE_SECONDS)


async def measure(pool: Pool) -> None:
    """Measure once."""
    for row in await pool.fetch(COPIES):
        metrics.COMPANIES.labels(row["country"]).set(row["entries"])
        metrics.UNITS.labels(row["country"]).set(row["units"])
        metrics.AGE.labels(row["country"]).set(row["age"])
    for row in await pool.fetch(FEEDS):
        of = (row["source"], row["feed"])
        metrics.FEED_POSITION.labels(*of).set(row["id"] or 0)
        metrics.FEED_LEFT.labels(*of).set(row["left"] or 0)
        if row["age"] is not None:
            metrics.FEED_AGE.labels(*of).set(row["age"])
