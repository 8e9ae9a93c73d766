"""A registry's feed read on from where we were: our copy changed, and tenants told.

What a batch changes, what is told of it and how far we are is kept in one transaction, or not at
all; a batch read twice leads to the same. After a load the feed is read again from the day that
the loaded files show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from chassis.edge import now
from chassis.failpoints import reach
from chassis.site import Site
from chassis.tenancy import Connection
from enrichment import metrics, taking, telling
from enrichment.sources.port import Changes, Outcome, Place, Source, Unavailable
from enrichment.taking import Word

log = structlog.get_logger()

BATCH = 500
"""Entries of one transaction: it is to be over within some seconds."""
OVERLAP = timedelta(days=1)
"""Files are made at night, of the day before."""
BEGIN = """
INSERT INTO feed_positions (source, feed, country, at, edition)
SELECT $1, $2, $3, coalesce((SELECT as_of FROM registry.sources WHERE country = $3), now())
         - $4::interval,
       coalesce((SELECT edition || ' ' || loaded_at FROM registry.sources WHERE country = $3), '')
ON CONFLICT DO NOTHING
"""
POSITION = """
SELECT p.at, p.id, coalesce(s.edition, '') AS edition, s.edition <> p.edition AS is_loaded_anew,
  least(p.at, s.as_of - $3::interval) AS begin,
  p.read_at IS NULL OR p.read_at < now() - $4::interval OR p.asked_at > p.read_at
    OR p."left" > 0 OR s.edition <> p.edition AS is_due
FROM feed_positions p LEFT JOIN (
  SELECT country, edition || ' ' || loaded_at AS edition, as_of FROM registry.sources) s
  USING (country)
WHERE source = $1 AND feed = $2
"""
KEEP = """
UPDATE feed_positions
SET at = $5, id = $6, edition = $7, entries = entries + $8, "left" = $9::bigint, trouble = NULL,
    read_at = CASE WHEN $9::bigint = 0 THEN $10 ELSE read_at END
WHERE source = $1 AND feed = $2 AND at = $3 AND id IS NOT DISTINCT FROM $4
"""


class Overtaken(Exception):
    """Another process has read on from where we were; nothing of ours is kept."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where we are: as it is kept, as it is read on from, and of which load our copy is."""

    kept: Place
    place: Place
    edition: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of one source."""

    site: Site
    source: Source
    name: str
    interval: timedelta

    @property
    def country(self) -> str:
        """Return the one country that it is about."""
        return next(iter(self.source.countries))

    async def read(self) -> bool:
        """Read a batch, if it is time; says whether there is more at once."""
        position = await self._position()
        if not position.is_due:
            return False
        begun = now()
        try:
            changes = await self.source.changes(self.name, position.place, BATCH)
            reach("enrichment.feed-read")
            numbers = list(dict.fromkeys(entry.number for entry in changes.entries))
            said = await self.source.look_up_all(self.country, numbers, self.name)
            reach("enrichment.feed-entries-asked")
        except Unavailable as error:
            await self._note(str(error))
            raise
        async with self.site.pool.acquire() as connection, connection.transaction():
            await self._keep(connection, position, changes, said, begun)
            reach("enrichment.feed-moved")
        reach("enrichment.feed-kept")
        self._count(changes)
        self.site.changed.set()
        return changes.left > 0 or changes.went_back

    async def _position(self) -> Position:
        key = (self.source.name, self.name)
        await self.site.pool.execute(BEGIN, *key, self.country, OVERLAP)
        row: Any = await self.site.pool.fetchrow(POSITION, *key, OVERLAP, self.interval)
        kept = Place(row["at"], row["id"])
        place = Place(row["begin"]) if row["is_loaded_anew"] else kept
        return Position(kept, place, row["edition"], row["is_due"])

    async def _keep(
        self,
        connection: Connection,
        position: Position,
        changes: Changes,
        said: Mapping[str, Outcome],
        begun: datetime,
    ) -> None:
        """Change our copy, move on, tell."""
        if changes.went_back:
            log.warning("feed was put back", source=self.source.name, feed=self.name)
        before = await taking.present(connection, self.country, list(said))
        word = Word(self.source.name, self.country, said, begun)
        await taking.take(connection, word, before)
        reach("enrichment.feed-entries-taken")
        moved = await connection.execute(
            KEEP,
            *(self.source.name, self.name, position.kept.at, position.kept.id),
            *(changes.place.at, changes.place.id, position.edition, len(changes.entries)),
            *(changes.left + int(changes.went_back), begun),
        )
        if moved == "UPDATE 0":
            raise Overtaken
        news = telling.News(word, before)
        await telling.decide(self.site, connection, await news.commands(connection))
        reach("enrichment.feed-told")

    async def _note(self, trouble: str) -> None:
        """Note why the feed cannot be read, for operators."""
        await self.site.pool.execute(
            "UPDATE feed_positions SET trouble = $3 WHERE source = $1 AND feed = $2",
            self.source.name,
            self.name,
            trouble,
        )

    def _count(self, changes: Changes) -> None:
        for entry in changes.entries:
            metrics.FEED_CHANGES.labels(self.source.name, self.name, entry.kind).inc()
