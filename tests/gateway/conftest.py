"""What the gateway's tests stand on: events told to projections, and a gateway on real servers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest

from chassis import codec, sealing
from chassis.edge import derived_id, new_id
from chassis.projection import Told
from chassis.projector import Projector
from chassis.site import Site
from chassis.streams import MemoryStreams, transact
from companies.company.model import companies
from companies.references import on_find
from contracts.companies.company import CompanyFact
from contracts.companies.references import FindReferences
from contracts.companies.user import Role
from contracts.credit_monitor import CreditFact
from contracts.enrichment import RegistryFact
from contracts.envelope import Envelope
from contracts.message import Answer, Command, Event
from gateway.access.admin import add_key, add_tenant
from gateway.app import http, service
from gateway.history import keep
from onebox.testing import Servers
from support.enveloped import enveloped

BEGIN = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCES: tuple[tuple[type[Event], str], ...] = (
    (RegistryFact, "enrichment"),
    (CreditFact, "credit-monitor"),
)

Tell = Callable[..., Told]


def source_of(event: Event) -> str:
    """Return the service that says such a thing."""
    return next((name for form, name in SOURCES if isinstance(event, form)), "companies")


def tell_at(event: Event, seq: int, version: int = 1, request: str = "request-1") -> Told:
    """Return an event as a projection meets it."""
    return Told(
        tenant="demo",
        event=event,
        seq=seq,
        version=version,
        at=(BEGIN + timedelta(seconds=version)).isoformat().replace("+00:00", "Z"),
        by="key:a",
        id=str(derived_id("event", type(event).__name__, str(version))),
        correlation=request,
        causation=None,
    )


@pytest.fixture
def tell() -> Tell:
    """Return what makes an event one that is told."""
    return tell_at


@pytest.fixture
def fold() -> Callable[..., Any]:
    """Return what folds events into the one row they lead to."""

    def folded(projection: Any, *events: Event) -> Any:
        versions: dict[str, int] = {}
        told = []
        for seq, event in enumerate(events, 1):
            side = (
                "company"
                if isinstance(event, CompanyFact)
                else "registry"
                if isinstance(event, RegistryFact)
                else "credit"
            )
            versions[side] = versions.get(side, 0) + 1
            told.append(tell_at(event, seq, versions[side], f"request-{seq}"))
        rows = projection.fold(told)
        assert len(rows) <= 1
        return next(iter(rows.values()), None)

    return folded


@dataclass
class Tenant:
    """A tenant of the gateway: its key, its client, and the events it is told of."""

    site: Site
    name: str
    key: str
    client: httpx2.AsyncClient
    positions: dict[str, int] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)

    async def hears(
        self,
        *events: Event,
        correlation: UUID | None = None,
        causation: UUID | None = None,
        by: str = "key:somebody",
    ) -> list[Envelope]:
        """Let events come in and be folded; return them as they came."""
        kept = [
            await self._envelope(event, correlation or new_id(), causation, by) for event in events
        ]
        async with self.site.pool.acquire() as connection, connection.transaction():
            await keep(connection, kept)  # type: ignore[arg-type]
        await fold_all(self.site)
        return kept

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """Read something over HTTP."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def _envelope(
        self, event: Event, correlation: UUID, causation: UUID | None, by: str
    ) -> Envelope:
        source = source_of(event)
        stream = event.stream_id
        self.positions[source] = self.positions.get(source, 0) + 1
        self.versions[stream] = self.versions.get(stream, 0) + 1
        data = await sealing.seal(self.site.keys, self.name, stream, codec.to_json(event))
        return enveloped(
            event,
            self.name,
            source,
            version=self.versions[stream],
            position=self.positions[source],
            at=BEGIN + timedelta(seconds=self.positions[source]),
            by=by,
            correlation=correlation,
            causation=causation,
            data=orjson.dumps(data).decode(),
        )


async def fold_all(site: Site) -> None:
    """Bring every read model up with history."""
    projector = Projector(site, service.projections)
    while await projector.step():
        pass


@pytest.fixture
def recorded() -> MemoryStreams:
    """Return what `companies` has of the tenant, whether or not the gateway has heard of it."""
    return MemoryStreams()


@pytest.fixture
async def site(servers: Servers, recorded: MemoryStreams) -> AsyncIterator[Site]:
    """Open the gateway on the session's servers; `companies` answers from memory who is there."""
    installation = await servers.install("gatewaytest", service)
    async with installation.site(service) as opened:
        others = opened.ask.query

        async def query(asked: str, wish: Any, form: Any) -> Any:
            if isinstance(wish, FindReferences):
                return await on_find(wish, SimpleNamespace(streams=recorded))
            return await others(asked, wish, form)

        opened.ask.query = query  # type: ignore[method-assign]
        yield opened
        opened.stopping.set()


@pytest.fixture
def decided_from_memory(site: Site) -> None:
    """Let commands about companies be decided in memory."""
    streams = MemoryStreams()

    async def command(_: str, asked: Command) -> Answer:
        return await transact(streams, companies, asked)

    site.ask.command = command  # type: ignore[method-assign]


NewTenant = Callable[[str], Awaitable[Tenant]]


@pytest.fixture
async def new_tenant(site: Site) -> AsyncIterator[NewTenant]:
    """Return what adds tenants, each with an administrator's client."""
    transport = httpx2.ASGITransport(http(site), raise_app_exceptions=False)
    clients: list[httpx2.AsyncClient] = []

    async def add(name: str, role: Role = Role.ADMIN) -> Tenant:
        await add_tenant(site.pool, name, name)
        key = await add_key(site.pool, name, role, "test")
        client = httpx2.AsyncClient(
            transport=transport,
            base_url="http://gateway/api/v1",
            headers={"Authorization": f"Bearer {key}"},
        )
        clients.append(client)
        return Tenant(site, name, key, client)

    yield add
    for client in clients:
        await client.aclose()


@pytest.fixture
async def ours(new_tenant: NewTenant, tenant: str) -> Tenant:
    """Return a tenant that no other test has."""
    return await new_tenant(tenant)
