"""Everything on one machine: servers, stand-in bureau and services, composed and supervised."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from chassis.migrate import migrate
from chassis.run import find
from onebox import programs
from onebox.addresses import LOOPBACK, as_user, free_port, is_taken
from onebox.home import Home
from onebox.nats import Nats
from onebox.permissions import ADMIN, CATEGORIES, password_variable
from onebox.postgres import Postgres
from onebox.problems import CannotRunError
from onebox.program import Program
from onebox.registry import AT_ONCE_ROWS, load_sample
from onebox.supervisor import Supervisor

SERVICES = tuple(CATEGORIES)


class PortTakenError(CannotRunError):
    """Something else listens where the gateway is to."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run may differ in; the defaults suit a test.

    Without a URL a server is embedded; `http_port` 0 takes a free one. Of `services` some may be
    left out; without `enrichment` no sample registry is loaded. `failpoints` arm one step
    in a service's first process. `bureau_every_seconds` lets the stand-in bureau change ratings
    by itself; `other_bureaus` stand in besides it. `sample_rows` is the size of the sample
    registry, 0 the usual one. `environment` is told to every service.
    """

    http_port: int = 0
    database_url: str = ""
    nats_url: str = ""
    services: tuple[str, ...] = SERVICES
    failpoints: Mapping[str, str] = field(default_factory=dict)
    bureau_every_seconds: float = 0.0
    other_bureaus: tuple[str, ...] = ()
    sample_rows: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


class Onebox:
    """All of Kundvakt in one home, for as long as the context lasts."""

    def __init__(self, home: Path, options: Options | None = None) -> None:
        self.home = Home(home)
        self.options = options or Options()
        self._supervisor = Supervisor(self.home)
        self._stack = AsyncExitStack()
        self._postgres: Postgres | None = None
        self._nats: Nats | None = None
        self._loading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start everything; return when all of it is ready."""
        try:
            self._stack.enter_context(self.home.claimed())
            self._stack.push_async_callback(self._supervisor.stop)
            await self._start_servers()
            if self.options.services:
                await self._start_services()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, what was started last first."""
        await self._stack.aclose()

    @property
    def urls(self) -> Mapping[str, str]:
        """Return where everything is reached, as in `run.json`."""
        return self._supervisor.urls

    @property
    def processes(self) -> Mapping[str, int]:
        """Return the ids of the processes that run now, as in `run.json`."""
        return self._supervisor.processes

    def kill(self, name: str) -> int:
        """Kill a process without warning; return the id it had."""
        return self._supervisor.kill(name)

    def kill_and_arm(self, name: str, failpoint: str) -> int:
        """Kill a process; its successor, and no later one, starts with a failpoint armed."""
        return self._supervisor.kill(name, failpoint)

    async def restarted(self, name: str, before: int) -> int:
        """Wait until a process has taken the place of an earlier one; return its id."""
        return await self._supervisor.restarted(name, before)

    async def wait_ready(self) -> None:
        """Wait until everything is ready, again."""
        for name in self._supervisor.programs:
            await self._supervisor.ready(name)

    def role_url(self, role: str, database: str) -> str:
        """Return the database URL of one of our roles."""
        return programs.role_url(self.home, self.urls["database"], role, database)

    def nats_url(self, user: str) -> str:
        """Return the URL of NATS as one of its users."""
        if self._nats:
            return self._nats.url(user)
        password = os.environ.get(password_variable(user))
        given = self.options.nats_url
        return as_user(given, user, password) if password else given

    @property
    def registry_loading(self) -> bool:
        """Return whether the sample registry is being loaded still."""
        return self._loading is not None and not self._loading.done()

    async def registry_loaded(self) -> None:
        """Wait for the sample registry, where it is loaded meanwhile."""
        if self._loading is not None:
            await asyncio.shield(self._loading)

    async def _load_registry(self) -> None:
        """Load the sample registry: before anything else starts, or if it is large, beside it."""
        registry = self.role_url("kundvakt_enrichment", "kundvakt_enrichment")
        rows = self.options.sample_rows
        loading = load_sample(registry, self.home.logs / "registry.log", rows)
        if rows <= AT_ONCE_ROWS:
            await loading
            return
        self._loading = asyncio.create_task(loading)
        self._stack.push_async_callback(self._stop_loading, self._loading)

    @staticmethod
    async def _stop_loading(loading: "asyncio.Task[None]") -> None:
        loading.cancel()
        await asyncio.wait({loading})

    async def _start_servers(self) -> None:
        urls = self._supervisor.urls
        urls["database"] = self.options.database_url
        if not urls["database"]:
            self._postgres = Postgres(self.home.postgres, self.home.password("postgres"))
            self._stack.callback(self._postgres.close)
            await self._postgres.prepare()
            urls["database"] = self._postgres.url()
            await self._supervisor.start([self._postgres.program()])
        if not self.options.nats_url:
            self._nats = Nats(self.home.nats, self.home.password)
            self._nats.prepare()
            urls["nats"] = self._nats.url(ADMIN)
            await self._supervisor.start([self._nats.program()])
        urls["nats"] = self.nats_url(ADMIN)

    async def _start_services(self) -> None:
        urls = self._supervisor.urls
        port = self.options.http_port or free_port()
        if is_taken(port):
            raise PortTakenError(
                f"Something already listens on port {port}. Stop it, or set KUNDVAKT_HTTP_PORT"
                " to another port."
            )
        services = [find(name) for name in self.options.services]
        await migrate(urls["database"], urls["nats"], self.home.password, services)
        if "enrichment" in self.options.services:
            await self._load_registry()
        bureaus, mail = self._bureaus(), programs.mail(self.home)
        reached = {name: bureau.url for name, bureau in bureaus.items()}
        urls |= {**reached, "mail": mail.url}
        await self._supervisor.start([*(one.program for one in bureaus.values()), mail.program])
        behind: list[Program] = []
        front: list[Program] = []
        for name in self.options.services:
            own = port if name == "gateway" else free_port()
            urls[name] = f"http://{LOOPBACK}:{own}"
            place = programs.Place(
                home=self.home,
                database_url=urls["database"],
                nats_url=self.nats_url(name),
                port=own,
                bureaus=reached,
                smtp_url=mail.smtp_url,
            )
            program = programs.service(name, place, self.options.environment)
            (front if name == "gateway" else behind).append(program)
        await self._supervisor.start(behind, self.options.failpoints)
        await self._supervisor.start(front, self.options.failpoints)

    def _bureaus(self) -> dict[str, programs.Bureau]:
        """Return the stand-in bureaus: Creditsafe's, and others if they are wished."""
        every = self.options.bureau_every_seconds
        others = {name: programs.bureau(self.home, name) for name in self.options.other_bureaus}
        return {"creditsafe": programs.bureau(self.home, "creditsafe", every), **others}
