"""A small service for the machinery's own tests: departments, which only have names."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import asyncpg
import pytest
from faststream.nats import NatsBroker, NatsRouter
from nats.aio.client import Client

from chassis import answering, failpoints, wire
from chassis.ask import Asker
from chassis.decider import Claim, Decider
from chassis.edge import new_id, now
from chassis.folding import Roles
from chassis.migrate import migrate_databases, with_database
from chassis.postgres import connect
from chassis.projection import Projection, Told
from chassis.rebuild import rebuild
from chassis.service import Service
from chassis.site import Site, open_site
from chassis.stream import recreate_stream
from chassis.streams import transact
from companies.department.model import departments
from contracts.companies.department import (
    AddDepartment,
    DepartmentAdded,
    DepartmentCommand,
    DepartmentEvent,
    DepartmentRenamed,
    RenameDepartment,
)
from contracts.message import Answer
from gateway.history import keep
from onebox.testing import Servers

DEPARTMENTS: Decider[DepartmentCommand, Any, DepartmentEvent] = replace(
    departments, claims=lambda event: Claim("name", event.name)
)
"""Departments whose names are taken once."""


class DepartmentRow(NamedTuple):
    department_id: str
    name: str
    renamed: int
    seq: int


def show(row: DepartmentRow | None, told: Told) -> DepartmentRow | None:
    event: Any = told.event
    renamed = row.renamed + 1 if row else 0
    return DepartmentRow(str(event.department_id), event.name, renamed, told.seq)


SHOWN = Projection(
    "department_rows",
    1,
    DepartmentRow,
    "CREATE TABLE {table} (tenant_id text NOT NULL, department_id uuid NOT NULL,"
    " name text NOT NULL, renamed int NOT NULL, seq bigint NOT NULL,"
    " PRIMARY KEY (tenant_id, department_id))",
    (DepartmentAdded, DepartmentRenamed),
    lambda told: str(told.event.stream_id),
    show,
)
SERVICE = Service("companies")
SCREENS: dict[str, Any] = {"migrations": "gateway.migrations", "has_events": False}
KEEPING = Service("gateway", keep=keep, projections=(SHOWN,), **SCREENS)
INSTALLED = (Service("companies", keep=keep), Service("credit-monitor", keep=keep), KEEPING)
"""What the bench has databases for: only what is migrated counts here."""
PREFIX = "bench"
EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE
  emptied text;
BEGIN
  DROP VIEW IF EXISTS department_rows, department_twins;
  FOR emptied IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(events|commands'
    '|claims|checkpoints|parked|projections|history_[0-7])$|^department_(rows|twins)_v' LOOP
    EXECUTE 'DELETE FROM ' || emptied;
    IF emptied ~ '_v' THEN EXECUTE 'DROP TABLE ' || emptied; END IF;
  END LOOP;
  IF to_regclass('relay') IS NOT NULL THEN UPDATE relay SET position = 0, epoch = 0; END IF;
  IF to_regclass('history_head') IS NOT NULL THEN UPDATE history_head SET seq = 0; END IF;
END $$;
"""
_installed: set[int] = set()


@dataclass
class Bench:
    """Databases and a stream of the machinery's own, empty at the start of every test."""

    servers: Servers
    tenant: str
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def empty(self) -> None:
        if id(self.servers) not in _installed:
            password = self.servers.home.password
            await migrate_databases(self.servers.admin_url, password, INSTALLED, PREFIX)
            _installed.add(id(self.servers))
        for service in INSTALLED:
            await self.execute(service.name, EMPTY)
        await recreate_stream(self.servers.nats.url("admin"))

    async def execute(self, service: str, sql: str, *args: Any) -> list[Any]:
        """Do something in a service's database as the administrator."""
        name = f"{PREFIX}_{service.replace('-', '_')}"
        connection = await asyncpg.connect(with_database(self.servers.admin_url, name))
        try:
            return await connection.fetch(sql, *args) if args else await connection.execute(sql)
        finally:
            await connection.close()

    async def build(self, projection: Projection[Any] = SHOWN) -> int:
        """Build a read model, as `kundvakt rebuild` does."""
        name = f"{PREFIX}_gateway"
        url = with_database(self.servers.admin_url, name)
        connection = await connect(url, "rebuild")
        try:
            await connection.execute(f'SET ROLE "{PREFIX}_owner"')
            await connection.execute("SELECT set_config('app.service_role', $1, false)", name)
            return await rebuild(connection, projection, Roles(f"{PREFIX}_owner", name))
        finally:
            await connection.close()

    async def open(self, service: Service = SERVICE) -> Site:
        settings = self.servers.settings(service, PREFIX)
        return await self.stack.enter_async_context(open_site(service, settings))

    async def nats(self, user: str = "admin") -> Client:
        prefix = f"_INBOX_{user}" if user != "admin" else "_INBOX"
        client = await wire.connect(self.servers.nats.url(user), "test", prefix)
        self.stack.push_async_callback(client.close)
        return client

    async def ask(self, deadline_seconds: float = 2.5) -> Asker:
        return Asker(await self.nats("gateway"), deadline_seconds)

    def add(self, name: str, **given: Any) -> AddDepartment:
        ids = {one: new_id() for one in ("command_id", "correlation", "department_id")}
        meant = {**ids, "tenant": self.tenant, "by": "key:test", "at": now(), "fingerprint": name}
        return AddDepartment.model_validate({**meant, "name": name, **given})

    def rename(self, added: AddDepartment, name: str, **given: Any) -> RenameDepartment:
        again = self.add(name, tenant=added.tenant, department_id=added.department_id, **given)
        return RenameDepartment.model_validate({**again.model_dump(), "type": "rename-department"})

    async def happen(self, site: Site, *commands: DepartmentCommand) -> list[Answer]:
        return [await transact(site.streams, DEPARTMENTS, command) for command in commands]

    async def added(self, site: Site, many: int) -> list[AddDepartment]:
        commands = [self.add(f"d{n}-{new_id().hex}") for n in range(many)]
        await asyncio.gather(*(transact(site.streams, DEPARTMENTS, one) for one in commands))
        return commands

    async def on_the_bus(self) -> list[Any]:
        """Return every message of the stream."""
        jetstream, last = (await self.nats()).jetstream(), await self.last_on_the_bus()
        return [await jetstream.get_msg(wire.STREAM, n) for n in range(1, last + 1)]

    async def last_on_the_bus(self) -> int:
        return int((await (await self.nats()).jetstream().stream_info(wire.STREAM)).state.last_seq)

    @asynccontextmanager
    async def going(self, *loops: Coroutine[Any, Any, Any]) -> AsyncIterator[list[Any]]:
        """Let loops run meanwhile; one that ends by an error fails the test."""
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield tasks
        finally:
            # Once is not always enough: `wait_for` of Python 3.11 may lose a cancellation.
            for _ in range(5):
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=1)
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if error is not None and not isinstance(error, asyncio.CancelledError):
                raise error

    @asynccontextmanager
    async def answering(self, site: Site, *routers: NatsRouter) -> AsyncIterator[NatsBroker]:
        """Let handlers and reactions ride on FastStream, as `serve` does."""
        url = site.settings.nats_url.get_secret_value()
        broker = wire.broker(url, site.service.name, site.settings.nats_inbox_prefix)
        broker.context.set_global("site", site)
        broker.include_routers(*routers)
        await broker.start()
        try:
            yield broker
        finally:
            await broker.stop()

    def departments(self) -> NatsRouter:
        router = NatsRouter()
        answering.answer_commands(router, "companies", "department", DEPARTMENTS, DepartmentCommand)
        return router


async def eventually(look: Callable[[], Awaitable[Any]], what: str, seconds: float = 10.0) -> Any:
    found = None
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not (found := await look()):  # noqa: ASYNC110 - servers set no event
                await asyncio.sleep(0.01)
    assert found, f"after {seconds:g} s still not: {what}"
    return found


@pytest.fixture(name="eventually")
def eventually_fixture() -> Any:
    return eventually


@pytest.fixture(name="departments")
def departments_fixture() -> Any:
    return DEPARTMENTS


@pytest.fixture
def keeping() -> Service:
    return KEEPING


@pytest.fixture
async def bench(servers: Servers, tenant: str) -> AsyncIterator[Bench]:
    """Lay out an empty bench; what is opened on it is closed after the test."""
    bench = Bench(servers, tenant)
    async with bench.stack:
        await bench.empty()
        yield bench
    failpoints.arm("")


@pytest.fixture
async def site(servers: Servers) -> AsyncIterator[Site]:
    installation = await servers.install("machinery", SERVICE)
    async with installation.site(SERVICE) as opened:
        yield opened
