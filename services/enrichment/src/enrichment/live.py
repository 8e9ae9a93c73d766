"""A look-up asked of the registries themselves, for what our copy lacks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from chassis.edge import now
from chassis.postgres import TRANSIENT
from chassis.tenancy import Pool
from contracts.enrichment import (
    FactSource,
    RegistryEntry,
    RegistryHit,
    RegistryHits,
    SearchRegistry,
)
from contracts.written_numbers import COUNTRIES
from enrichment import answers
from enrichment.answers import LIFE, Answer, listing_of
from enrichment.copying import NOT_TOLD
from enrichment.formats.listing import Listing
from enrichment.registry import facts_of, field_name, sub_unit
from enrichment.sources.port import (
    Capability,
    Deleted,
    Found,
    NotOffered,
    Outcome,
    Partial,
    Removed,
    Source,
    Unavailable,
    Unknown,
)

log = structlog.get_logger()

SECONDS_MAX = 1.8
"""Whoever asks for the look-up is answered, or refused, after two and a half."""
ORDER: tuple[type[Outcome], ...] = (Removed, Found, Partial, Deleted, Unknown)
"""Which of several sources' outcomes says most."""
NAMES: dict[type[Outcome], str] = {
    Removed: "removed",
    Found: "found",
    Partial: "partial",
    Deleted: "deleted",
    Unknown: "unknown",
}
SUGGEST_SECONDS_MAX = 0.7
"""Within the first time that the gateway asks: by the second, another letter is typed."""
TYPED_MIN = 3
"""Fewer letters are a name of everybody's."""
UNITS = "sub_units"
UNITS_SECONDS_MAX = 1.2
"""A company without its sub-units is worth more than neither."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What sources said of a number, what they could not say, and how many were not reached."""

    answers: Sequence[Answer]
    missing: frozenset[str] = frozenset()
    unreached: int = 0

    @property
    def best(self) -> Answer | None:
        """Return the answer that says most; of two that say as much, the first asked."""
        for kind in ORDER:
            for answer in self.answers:
                if isinstance(answer.outcome, kind):
                    return answer
        return None


_under_way: dict[tuple[str, str], asyncio.Task[RegistryEntry]] = {}
"""Whoever asks again, because an answer takes long, waits for the one that is coming."""


async def complete(pool: Pool, sources: Sequence[Source], entry: RegistryEntry) -> RegistryEntry:
    """Return an entry without facts as the registries have it, if they can be reached in time."""
    serving = [source for source in sources if entry.country in source.countries]
    if entry.facts is not None or not serving:
        return entry
    key = (entry.country, entry.organisation_number)
    task = _under_way.get(key)
    if task is None:
        task = _under_way[key] = asyncio.create_task(_complete(pool, serving, entry))
        task.add_done_callback(lambda _: _under_way.pop(key))
    return await asyncio.shield(task)


async def _complete(pool: Pool, serving: Sequence[Source], entry: RegistryEntry) -> RegistryEntry:
    country, number = entry.country, entry.organisation_number
    try:
        async with asyncio.timeout(SECONDS_MAX):
            async with pool.acquire() as connection:
                known = await answers.entry(connection, country, number, now() - LIFE)
            if known:
                return known
            asked = await ask(serving, country, number, hurry=True)
            await _keep(pool, asked, country, number)
    except TRANSIENT as error:
        log.warning("registries not reached", country=country, why=repr(error))
        return entry.model_copy(update={"outcome": "not-reached"})
    return told(entry, asked, now())


async def suggest(
    pool: Pool, sources: Sequence[Source], query: SearchRegistry
) -> RegistryHits | None:
    """Return hits of a country of which we have no copy, if its registry can be searched.

    Nothing means that our copy is to be searched. A registry that cannot be reached has no hits.
    """
    able = [
        source
        for source in sources
        if query.country in source.countries and Capability.SEARCH in source.capabilities
    ]
    if not able or query.country is None or len(query.q) < TYPED_MIN:
        return None
    async with pool.acquire() as connection:
        if await connection.fetchval(answers.IS_COPIED, query.country):
            return None
    try:
        async with asyncio.timeout(SUGGEST_SECONDS_MAX):
            found = await able[0].search(query.country, query.q, query.limit)
    except (Unavailable, NotOffered, TimeoutError) as error:
        log.warning("registry not searched", source=able[0].name, why=repr(error))
        found = ()
    return RegistryHits(items=tuple(map(_hit, found))[: query.limit])


def _hit(listing: Listing) -> RegistryHit:
    facts = listing.facts
    return RegistryHit(
        country=listing.country,
        organisation_number=listing.number,
        parent=listing.parent,
        name=facts["name"],
        city=facts.get("city"),
        legal_form=facts.get("legal_form", {}).get("code"),
        active="ceased" not in facts and "deregistered_on" not in facts,
        bankrupt=any(each["kind"] == "bankruptcy" for each in facts.get("proceedings", ())),
    )


async def ask(
    sources: Sequence[Source], country: str, number: str, *, hurry: bool = False
) -> Asked:
    """Ask a country's own registries, and where they know nothing, the world's."""
    own = [source for source in sources if source.countries != COUNTRIES]
    general = [source for source in sources if source.countries == COUNTRIES]
    asked = await _ask(own, country, number, hurry=hurry)
    if asked.best and not isinstance(asked.best.outcome, Unknown):
        return asked
    more = await _ask(general, country, number, hurry=hurry)
    is_known = more.best and not isinstance(more.best.outcome, Unknown)
    # That the world's registry has nothing says little: most companies are not in it.
    return more if is_known or not own else asked


async def _ask(sources: Sequence[Source], country: str, number: str, *, hurry: bool) -> Asked:
    """Ask all at once."""
    outcomes, units = await asyncio.gather(
        asyncio.gather(*(_outcome(source, country, number, hurry=hurry) for source in sources)),
        asyncio.gather(*(_units(source, country, number, hurry=hurry) for source in sources)),
    )
    found = [
        Answer(source.name, outcome, below or ())
        for source, outcome, below in zip(sources, outcomes, units, strict=True)
        if outcome is not None
    ]
    missing = {
        name for outcome in outcomes if isinstance(outcome, Partial) for name in outcome.missing
    }
    if None in units:
        missing.add(UNITS)
    return Asked(found, frozenset(missing), outcomes.count(None))


async def _outcome(source: Source, country: str, number: str, *, hurry: bool) -> Outcome | None:
    try:
        return await source.look_up(country, number, hurry=hurry)
    except Unavailable as error:
        log.warning("registry not reached", source=source.name, why=str(error))
        return None


async def _units(
    source: Source, country: str, number: str, *, hurry: bool
) -> Sequence[Listing] | None:
    """Return a company's sub-units; nothing where the source has them and cannot be reached."""
    if Capability.SUB_UNITS not in source.capabilities:
        return ()
    try:
        async with asyncio.timeout(UNITS_SECONDS_MAX if hurry else None):
            return await source.sub_units(country, number)
    except (Unavailable, TimeoutError) as error:
        log.warning("sub-units not reached", source=source.name, why=repr(error))
        return None


async def _keep(pool: Pool, asked: Asked, country: str, number: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for answer in asked.answers:
            await answers.keep(connection, country, number, answer, now())


def told(entry: RegistryEntry, asked: Asked, at: datetime) -> RegistryEntry:
    """Return what was answered as it is told: honestly, where nobody could be reached."""
    best = asked.best
    if best is None or (isinstance(best.outcome, Unknown) and asked.unreached):
        return entry.model_copy(update={"outcome": "not-reached"})
    document: dict[str, Any] = {}
    sources: dict[str, FactSource] = {}
    for answer in reversed(asked.answers):
        listing = listing_of(answer.outcome)
        known = listing.facts if listing else {}
        facts = {name: fact for name, fact in known.items() if name not in NOT_TOLD}
        document |= facts
        said = FactSource(registry=answer.source, as_of=at)
        sources |= dict.fromkeys(map(field_name, facts), said)
    outcome = NAMES[type(best.outcome)]
    if outcome in {"removed", "unknown"} or not document.get("name"):
        return entry.model_copy(update={"outcome": outcome})
    listing = listing_of(best.outcome)
    units = {unit.number: unit for answer in asked.answers for unit in answer.units}
    return entry.model_copy(
        update={
            "parent": listing.parent if listing else None,
            "registry": best.source,
            "facts": facts_of(document, active=outcome != "deleted"),
            "as_of": at,
            "sub_units": tuple(sub_unit(u.number, u.facts) for u in units.values()),
            "sources": sources,
            "outcome": "partial" if asked.missing and outcome == "found" else outcome,
            "missing": tuple(sorted(map(field_name, asked.missing))),
        }
    )
