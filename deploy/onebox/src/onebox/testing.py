"""Real servers and installations for tests: the embedded ones, with databases of their own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from chassis.edge import new_id
from chassis.migrate import migrate_databases
from chassis.postgres import connect
from chassis.service import Service
from chassis.settings import Settings
from chassis.site import Site, open_site
from chassis.stream import recreate_stream
from onebox.addresses import as_role
from onebox.home import Home
from onebox.nats import Nats
from onebox.postgres import Postgres
from onebox.program import POLL_SECONDS, Child, Program

READY_SECONDS_MAX = 60.0


class Database(Protocol):
    """A Postgres, wherever it runs."""

    def url(self) -> str:
        """Return the administrator's URL."""


class Bus(Protocol):
    """A NATS, wherever it runs."""

    def url(self, user: str) -> str:
        """Return the URL as one of the users."""


@dataclass(frozen=True)
class Servers:
    """Where the servers are, and how to log in; `children` are those that run as ours."""

    home: Home
    postgres: Database
    nats: Bus
    children: dict[str, Child]
    migrated: set[tuple[str, tuple[Service, ...]]] = field(default_factory=set)

    @property
    def admin_url(self) -> str:
        """Return the URL of Postgres as its administrator."""
        return self.postgres.url()

    def database_url(self, role: str, database: str) -> str:
        """Return the URL of a database as one of its roles."""
        return as_role(self.admin_url, role, self.home.password(role), database)

    def settings(self, service: Service, prefix: str) -> Settings:
        """Return what a service would be told by its environment."""
        own = f"{prefix}_{service.role}"
        reader = SecretStr(self.database_url(f"{own}_reader", own)) if service.projections else None
        return Settings(
            database_url=SecretStr(self.database_url(own, own)),
            reader_database_url=reader,
            keys_database_url=SecretStr(self.database_url(own, f"{prefix}_keys")),
            master_key=SecretStr(self.home.derive("master-key")),
            nats_url=SecretStr(self.nats.url(service.name)),
            nats_inbox_prefix=f"_INBOX_{service.name}",
        )

    async def install(self, prefix: str, *services: Service) -> "Installation":
        """Migrate databases of their own for these services, once, and begin an empty stream."""
        if (prefix, services) not in self.migrated:
            await migrate_databases(self.admin_url, self.home.password, services, prefix)
            self.migrated.add((prefix, services))
        await recreate_stream(self.nats.url("admin"))
        return Installation(self, prefix)

    async def copied(self, prefix: str, service: Service) -> str:
        """Return the URL of a new copy of an installed service's database, as the service."""
        own, copy = f"{prefix}_{service.role}", f"{prefix}_{new_id().hex[-8:]}"
        admin = await connect(self.admin_url, "copy", statement_timeout="0")
        try:
            await admin.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{own}"')
        finally:
            await admin.close()
        return self.database_url(own, copy)


@dataclass(frozen=True)
class Installation:
    """Databases of their own for some services."""

    servers: Servers
    prefix: str

    @asynccontextmanager
    async def site(self, service: Service) -> AsyncIterator[Site]:
        """Open what a service stands on, inside the caller's own process."""
        async with open_site(service, self.servers.settings(service, self.prefix)) as site:
            yield site


async def start(child: Child, program: Program) -> None:
    """Start a program and wait until it is ready."""
    await program.before()
    child.start({})
    async with asyncio.timeout(READY_SECONDS_MAX):
        while not await program.ready():
            if not child.running:
                raise RuntimeError(child.last_words())
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Servers]:
    """Run Postgres and NATS in a home of their own."""
    home = Home(path)
    with home.claimed():
        postgres = Postgres(home.postgres, home.password("postgres"))
        nats = Nats(home.nats, home.password)
        await postgres.prepare()
        nats.prepare()
        children: dict[str, Child] = {}
        try:
            # Nobody reads afterwards what tests wrote: Postgres ends without a last checkpoint.
            at_once = replace(postgres.program(), stop_signal=signal.SIGQUIT)
            for program in (at_once, nats.program()):
                child = Child(program, Path(home.logs) / f"{program.name}.log")
                children[program.name] = child
                await start(child, program)
            yield Servers(home, postgres, nats, children)
        finally:
            for child in reversed(children.values()):
                await child.stop()
            postgres.close()
