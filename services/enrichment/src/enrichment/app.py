"""The enrichment service: what the company registries say."""

from chassis.service import Service
from enrichment.reactions import reactions
from enrichment.wire import router

service = Service(
    name="enrichment", routers=(router,), reactions=reactions, migrations="enrichment.migrations"
)
