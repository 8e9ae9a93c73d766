"""Companies in a CRM of which our copy knows nothing, or nothing new, asked for one after another.

A question is answered in one transaction with what is told of it; one that was left in hand is
taken up again. Registries that tell changes are asked once, the others now and then.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from chassis.edge import now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from enrichment import answers, live, taking, telling
from enrichment.live import Asked
from enrichment.settings import RegistrySettings
from enrichment.sources.port import Capability, Found, Source
from enrichment.taking import Word

log = structlog.get_logger()

LOOK_SECONDS = 1.0
IN_HAND_SECONDS = 60
"""How long nobody takes up what a dead process had in hand."""
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 30, 3_600
LEASE = """
UPDATE questions SET attempts = attempts + 1, due_at = now() + make_interval(secs => $2)
WHERE (country, number) = (
  SELECT country, number FROM questions WHERE due_at <= now() AND country = ANY ($1)
  ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING country, number, attempts
"""
PUT_OFF = """
UPDATE questions SET due_at = now() + $3::interval, attempts = $4 WHERE country = $1 AND number = $2
"""
DROP = "DELETE FROM questions WHERE country = $1 AND number = $2"
IS_KNOWN = "SELECT EXISTS (SELECT FROM registry.entries WHERE country = $1 AND number = $2)"


async def ask_for_ever(site: Site, sources: Sequence[Source], settings: RegistrySettings) -> None:
    """Ask what is due, for as long as the service runs; several processes share the work."""
    asking = Asking(site, sources, timedelta(days=settings.registry_recheck_days))
    while sources:
        try:
            if not await asking.ask_one():
                await asyncio.sleep(LOOK_SECONDS)
        except TRANSIENT as error:
            log.warning("asking interrupted", error=repr(error))
            await heal(site.pool, error)
            await asyncio.sleep(LOOK_SECONDS)


class Asking:
    """Answers questions, one at a time."""

    def __init__(self, site: Site, sources: Sequence[Source], recheck: timedelta) -> None:
        self._site = site
        self._sources = sources
        self._recheck = recheck
        self._countries = sorted({c for source in sources for c in source.countries})
        self._fed = {
            country
            for source in sources
            if Capability.CHANGES in source.capabilities
            for country in source.countries
        }

    async def ask_one(self) -> bool:
        """Take up a question that is due, if there is one."""
        row = await self._site.pool.fetchrow(LEASE, self._countries, IN_HAND_SECONDS)
        if row is None:
            return False
        country, number = row["country"], row["number"]
        reach("enrichment.question-taken")
        if country in self._fed and await self._site.pool.fetchval(IS_KNOWN, country, number):
            await self._site.pool.execute(DROP, country, number)
            return True
        serving = [source for source in self._sources if country in source.countries]
        asked = await live.ask(serving, country, number)
        reach("enrichment.question-asked")
        if asked.best is None or asked.unreached:
            await self._put_off(country, number, row["attempts"])
        else:
            await self._answer(country, number, asked)
        reach("enrichment.question-answered")
        self._site.changed.set()
        return True

    async def _put_off(self, country: str, number: str, attempts: int) -> None:
        """Ask again later, later every time: what was not reached is not known."""
        seconds = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_FIRST * 2 ** min(attempts, 10))
        pause = timedelta(seconds=seconds)
        await self._site.pool.execute(PUT_OFF, country, number, pause, attempts)

    async def _answer(self, country: str, number: str, asked: Asked) -> None:
        """Keep what was answered and tell what is new of it."""
        best, at = asked.best, now()
        if best is None:
            return
        async with self._site.pool.acquire() as connection, connection.transaction():
            units = [unit for answer in asked.answers for unit in answer.units]
            numbers = [number, *(unit.number for unit in units)]
            before = await taking.present(connection, country, numbers)
            for answer in asked.answers:
                await answers.keep(connection, country, number, answer, at)
            # Of a company that is new to us, all sub-units are, and none of them is news.
            below = {unit.number: Found(unit) for unit in units} if number in before else {}
            word = Word(best.source, country, {number: best.outcome, **below}, at)
            news = telling.News(word, before)
            await telling.decide(self._site, connection, await news.commands(connection))
            if country in self._fed:
                await connection.execute(DROP, country, number)
            else:
                await connection.execute(PUT_OFF, country, number, self._recheck, 0)
            reach("enrichment.question-told")
