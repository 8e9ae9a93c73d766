"""Whoever hangs up is no longer looked for: from the caller's socket to the query in Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvicorn

import enrichment.app
import gateway.app
from chassis import wire
from chassis.migrate import with_database
from contracts.companies.user import Role
from enrichment.load import load
from enrichment.sample.company import AS_OF
from enrichment.sample.files import write_sample
from gateway.access.admin import add_key, add_tenant
from onebox.testing import Servers

pytestmark = pytest.mark.servers

RUNNING = """
SELECT count(*) FROM pg_stat_clear_snapshot(), pg_stat_activity
WHERE query LIKE '%registry.by_words%' AND state = 'active' AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def asked(servers: Servers, tmp_path: Path) -> AsyncIterator[tuple[int, str]]:
    """Run a gateway that listens, and what answers for the registry; yields port and key."""
    both = await servers.install("hangingup", gateway.app.service, enrichment.app.service)
    url = servers.database_url("hangingup_enrichment", "hangingup_enrichment")
    await load(url, write_sample(tmp_path, 3, 90), "one", AS_OF)
    admin = await asyncpg.connect(servers.admin_url)
    # Otherwise a query that waits for a lock soon gives up by itself.
    await admin.execute("ALTER ROLE hangingup_enrichment SET lock_timeout = '60s'")
    await admin.close()
    async with both.site(gateway.app.service) as front, both.site(enrichment.app.service) as back:
        settings = back.settings
        broker = wire.broker(
            settings.nats_url.get_secret_value(), "enrichment", settings.nats_inbox_prefix
        )
        broker.context.set_global("site", back)
        broker.include_routers(*enrichment.app.service.routers)
        await broker.start()
        await add_tenant(front.pool, "one", "one")
        key = await add_key(front.pool, "one", Role.ADMIN, "test")
        app = gateway.app.http(front)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - it has no event for it
                await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1], key
        front.stopping.set()
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await serving
        await broker.stop()


async def until(holder: Any, running: int) -> None:
    """Wait until so many searches run in the database, for less long than one may run by itself."""
    async with asyncio.timeout(5):
        while await holder.fetchval(RUNNING) != running:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_who_hangs_up_stops_the_query_in_the_database(
    servers: Servers, asked: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enrichment.search.SECONDS_MAX", 60)
    port, key = asked
    holder = await asyncpg.connect(with_database(servers.admin_url, "hangingup_enrichment"))
    try:
        async with holder.transaction():
            live = await holder.fetchval("SELECT id FROM registry.table_sets WHERE live")
            await holder.execute(f"LOCK TABLE registry.words_{live} IN ACCESS EXCLUSIVE MODE")
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                f"GET /api/v1/registry/companies?q=xqz%20bygg HTTP/1.1\r\nHost: here\r\n"
                f"Authorization: Bearer {key}\r\n\r\n".encode()
            )
            await until(holder, 1)
            writer.close()
            # The lock is still held, and a query may take ten seconds: only being taken back ends
            # it so soon.
            await until(holder, 0)
    finally:
        await holder.close()
