"""Whether what a wish names beside its own stream is there: asked where it is known first."""

from faststream.nats import NatsRouter

from chassis.answering import answer_query
from chassis.site import Site
from companies.department.model import departments
from companies.user.model import users
from contracts.companies.references import FindReferences, FoundReferences

router = NatsRouter()


async def on_find(query: FindReferences, site: Site) -> FoundReferences:
    """Return which of these there are, by what was committed until now."""
    people = await site.streams.pasts(query.tenant, "user", query.users)
    places = await site.streams.pasts(query.tenant, "department", query.departments)
    return FoundReferences(
        users=tuple(one for one, past in people.items() if users.fold(past).is_active),
        departments=tuple(one for one, past in places.items() if departments.fold(past).name),
    )


answer_query(router, "companies", FindReferences, on_find)
