"""The enrichment service: what the company registries say."""

import asyncio

from chassis.service import Service
from chassis.site import Site
from enrichment.asking import ask_for_ever
from enrichment.measuring import measure_for_ever
from enrichment.reactions import reactions
from enrichment.settings import RegistrySettings
from enrichment.sources.configured import configured
from enrichment.syncing import read_feeds
from enrichment.wire import router


async def keep_up_with_the_registries(site: Site) -> None:
    """Read what the registries tell, as far as any is to be asked."""
    settings = RegistrySettings()
    async with configured(settings) as sources, asyncio.TaskGroup() as tasks:
        tasks.create_task(read_feeds(site, sources, settings))
        tasks.create_task(ask_for_ever(site, sources, settings))
        tasks.create_task(measure_for_ever(site.pool))


service = Service(
    name="enrichment",
    routers=(router,),
    reactions=reactions,
    background=(keep_up_with_the_registries,),
    migrations="enrichment.migrations",
)
