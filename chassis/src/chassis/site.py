"""What a running process stands on: its connections, and what is made of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nats.aio.client import Client
from pydantic import SecretStr

from chassis import wire
from chassis.appender import Appender
from chassis.ask import Asker
from chassis.event_store import PostgresStreams
from chassis.keys import KeyRing
from chassis.postgres import open_pool
from chassis.settings import Settings
from chassis.shown import Shown
from chassis.tenancy import Pool

if TYPE_CHECKING:
    from chassis.service import Service

BUS_SECONDS = 3.0
"""How long a start waits for the bus; then reading begins without it."""
KEY_POOL_SIZE = 3
"""Keys are remembered for a moment; few look-ups are under way at a time."""


@dataclass(slots=True)
class Site:
    """Handed to handlers, reactions, loops and the HTTP app.

    `reader` is the pool of a role that only reads, under strict row-level security; where a
    service has none it is `pool`. `changed` is set whenever new events were kept or folded.
    """

    service: "Service"
    settings: Settings
    pool: Pool
    reader: Pool
    streams: PostgresStreams
    nats: Client
    ask: Asker
    keys: KeyRing
    connecting: "asyncio.Task[None]"
    """Done once the bus is there; until then a gateway can read, and nothing else."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    shown: Shown = field(default_factory=Shown)
    progress: dict[str, int] = field(default_factory=dict)
    """How far each consumer is with each source, as `consumer/source`; for lag and readiness."""
    heads: dict[str, int] = field(default_factory=dict)
    """The last position that each source says it has."""


@asynccontextmanager
async def open_site(service: "Service", settings: Settings) -> AsyncIterator[Site]:
    """Open everything a service stands on; close it in reverse order."""
    async with AsyncExitStack() as stack:
        size = settings.pool_size
        pool = await _open(stack, settings.database_url, size, service.name)
        reader = pool
        if settings.reader_database_url:
            reader = await _open(
                stack, settings.reader_database_url, size, f"{service.name}:reader"
            )
        keys = await _open_keys(stack, settings, service.name)
        url = settings.nats_url.get_secret_value()
        client, connecting = _line(stack, url, service, settings)
        servers = url.split(",") if service.asks else []
        lines = [_line(stack, one, service, settings)[0] for one in servers if len(servers) > 1]
        await asyncio.wait([connecting], timeout=BUS_SECONDS)
        appender = Appender(settings.database_url.get_secret_value(), service.name)
        stack.push_async_callback(appender.close)
        yield Site(
            service=service,
            settings=settings,
            pool=pool,
            reader=reader,
            streams=PostgresStreams(pool, appender, keys),
            nats=client,
            ask=Asker(client, settings.command_deadline_seconds, lines),
            keys=keys,
            connecting=connecting,
        )


async def _open(stack: AsyncExitStack, url: SecretStr, size: int, name: str) -> Pool:
    pool = await open_pool(url.get_secret_value(), size, name)
    stack.push_async_callback(_close, pool)
    return pool


def _line(
    stack: AsyncExitStack, url: str, service: "Service", settings: Settings
) -> tuple[Client, "asyncio.Task[None]"]:
    """Begin to connect to the bus; that may take long."""
    client = Client()
    stack.push_async_callback(client.close)
    connecting = asyncio.create_task(
        wire.connecting(client, url, service.name, settings.nats_inbox_prefix)
    )
    stack.callback(connecting.cancel)
    return client, connecting


async def _open_keys(stack: AsyncExitStack, settings: Settings, name: str) -> KeyRing:
    if not settings.keys_database_url or not settings.master_key:
        raise SystemExit("KUNDVAKT_KEYS_DATABASE_URL and KUNDVAKT_MASTER_KEY must be set")
    pool = await _open(stack, settings.keys_database_url, KEY_POOL_SIZE, f"{name}:keys")
    return KeyRing(pool, bytes.fromhex(settings.master_key.get_secret_value()))


async def _close(pool: Pool) -> None:
    """Close a pool; what does not end by itself is cut off."""
    try:
        async with asyncio.timeout(1):
            await pool.close()
    except TimeoutError:
        pool.terminate()
