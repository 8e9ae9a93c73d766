"""Where questions about the registries arrive."""

from faststream.nats import NatsRouter

from chassis.answering import answer_query, hear_query
from chassis.decider import Rejected
from chassis.site import Site
from contracts.enrichment import (
    ForgetSearch,
    LookUpCompany,
    RegistryEntry,
    RegistryHits,
    SearchRegistry,
)
from contracts.identifiers import NumberInvalid
from enrichment.live import complete, suggest
from enrichment.picks import note_pick
from enrichment.questions import answered, forget
from enrichment.registry import NumberPersonal, look_up
from enrichment.search import search
from enrichment.sources.configured import opened

router = NatsRouter()


async def on_search(query: SearchRegistry, site: Site) -> RegistryHits:
    """Answer the type-ahead."""
    return await answered(query.search_id, _searched(query, site))


async def _searched(query: SearchRegistry, site: Site) -> RegistryHits:
    told = await suggest(site.pool, opened(), query)
    if told is not None:
        return told
    async with site.pool.acquire() as connection:
        return await search(connection, query)


async def on_forget(query: ForgetSearch, _: Site) -> None:
    """Stop looking for what nobody waits for."""
    forget(query.search_id)


async def on_look_up(query: LookUpCompany, site: Site) -> RegistryEntry:
    """Answer with a company and its sub-units, or refuse a number that cannot be one."""
    try:
        async with site.pool.acquire() as connection:
            entry = await look_up(connection, query.country, query.number)
        entry = await complete(site.pool, opened(), entry)
        if query.by and entry.facts:
            async with site.pool.acquire() as connection:
                await note_pick(connection, query, entry)
    except NumberInvalid as error:
        raise Rejected(error.code, str(error)) from error
    except NumberPersonal as error:
        raise Rejected(
            "number-personal", "A sole trader's number is personal; it is not looked up."
        ) from error
    return entry


answer_query(router, "enrichment", SearchRegistry, on_search)
hear_query(router, "enrichment", ForgetSearch, on_forget)
answer_query(router, "enrichment", LookUpCompany, on_look_up)
