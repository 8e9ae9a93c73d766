"""A service as a process: started, kept going, and stopped within ten seconds.

`python -m chassis.run <service>`
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from typing import Any

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette

from chassis import (
    consumer,
    health,
    logs,
    measure,
    parked,
    projector,
    relay,
    tracing,
    watch,
    wire,
)
from chassis.appender import Appender
from chassis.ask import Asker
from chassis.event_store import PostgresStreams
from chassis.failpoints import reach
from chassis.keys import KeyRing
from chassis.postgres import open_pool
from chassis.service import Service
from chassis.settings import Settings
from chassis.site import Site

log = structlog.get_logger()

STOP_SECONDS_MAX = 8
"""For requests and handlers in hand; two more are left for closing connections."""
KEY_POOL_SIZE = 3


class Server(uvicorn.Server):
    """uvicorn inside our own process: signals are handled once, by us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def find(name: str) -> Service:
    """Return an installed service by its name."""
    for entry in entry_points(group="kundvakt.services", name=name):
        service: Service = entry.load()
        return service
    raise SystemExit(f"no service {name!r} is installed")


@asynccontextmanager
async def open_site(service: Service, settings: Settings) -> AsyncIterator[Site]:
    """Open everything a service stands on; close it in reverse order."""
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        pool = await open_pool(url, settings.pool_size, service.name)
        stack.push_async_callback(_close_pool, pool)
        reader = pool
        if settings.reader_database_url:
            reader_url = settings.reader_database_url.get_secret_value()
            reader = await open_pool(reader_url, settings.pool_size, f"{service.name}:reader")
            stack.push_async_callback(_close_pool, reader)
        if not settings.keys_database_url or not settings.master_key:
            raise SystemExit("KUNDVAKT_KEYS_DATABASE_URL and KUNDVAKT_MASTER_KEY must be set")
        key_url = settings.keys_database_url.get_secret_value()
        key_pool = await open_pool(key_url, KEY_POOL_SIZE, f"{service.name}:keys")
        stack.push_async_callback(_close_pool, key_pool)
        keys = KeyRing(key_pool, bytes.fromhex(settings.master_key.get_secret_value()))
        connection = await wire.connect(
            settings.nats_url.get_secret_value(), service.name, settings.nats_inbox_prefix
        )
        stack.push_async_callback(connection.close)
        appender = Appender(url, service.name)
        stack.push_async_callback(appender.close)
        yield Site(
            service=service,
            settings=settings,
            pool=pool,
            reader=reader,
            streams=PostgresStreams(pool, appender, keys),
            nats=connection,
            ask=Asker(connection, settings.command_deadline_seconds),
            keys=keys,
        )


async def serve(service: Service, settings: Settings) -> None:
    """Run a service until SIGTERM or SIGINT."""
    async with open_site(service, settings) as site:
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, site.stopping.set)
        broker = wire.broker(
            settings.nats_url.get_secret_value(), service.name, settings.nats_inbox_prefix
        )
        broker.context.set_global("site", site)
        broker.context.set_global("streams", site.streams)
        broker.include_routers(*service.routers)
        await broker.start()
        reach(f"{service.name}.started")
        tasks = [asyncio.create_task(loop, name=name) for name, loop in _loops(site)]
        server = _server(site)
        http = asyncio.create_task(server.serve(sockets=[_listen(site)]), name="http")
        log.info("started", service=service.name)
        ended = await _until_stopped(site, [*tasks, http])
        log.info("stopping", service=service.name)
        server.should_exit = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await asyncio.gather(http, return_exceptions=True)
                await broker.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait([*tasks, http], timeout=1)
        if ended is not None:
            raise SystemExit(f"{ended.get_name()} ended: {ended.exception()!r}")
        log.info("stopped", service=service.name)


def _loops(site: Site) -> Iterator[tuple[str, Any]]:
    """Name everything that runs beside the handlers."""
    service = site.service
    if service.has_events:
        yield "relay", relay.relay(site)
    if service.keep or service.reactions:
        yield "consume", consumer.consume(site)
        yield "watch", watch.watch(site)
        yield "retry parked", parked.retry_parked(site)
        yield "measure", measure.measure(site)
    for projection in service.projections:
        yield f"project {projection.name}", projector.project(site, projection)
    for loop in service.background:
        yield loop.__name__, loop(site)


async def _until_stopped(
    site: Site, tasks: list["asyncio.Task[Any]"]
) -> "asyncio.Task[Any] | None":
    """Wait for the signal to stop, or for a loop that ended though none should."""
    stop = asyncio.create_task(site.stopping.wait())
    done, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    site.stopping.set()
    if stop in done:
        return None
    ended = done.pop()
    log.critical("ended by itself", loop=ended.get_name(), exc_info=ended.exception())
    return ended


def _server(site: Site) -> Server:
    app = site.service.http(site) if site.service.http else Starlette(routes=health.routes(site))
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=STOP_SECONDS_MAX - 2,
            server_header=False,
            h11_max_incomplete_event_size=64 * 1024,
        )
    )


def _listen(site: Site) -> socket.socket:
    """Listen where the settings say; a port of 0 takes a free one and logs it."""
    settings = site.settings
    where = (
        (settings.http_host, settings.http_port)
        if site.service.http
        else (settings.ops_host, settings.ops_port)
    )
    listener = socket.create_server(where, backlog=1024)
    log.info("listening", url=f"http://{where[0]}:{listener.getsockname()[1]}")
    return listener


async def _close_pool(pool: Any) -> None:
    """Close a pool; what does not end by itself is cut off."""
    try:
        async with asyncio.timeout(1):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def main() -> None:
    """Run the service named on the command line."""
    service = find(sys.argv[1])
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    tracing.configure(service.name)
    uvloop.run(serve(service, settings))


if __name__ == "__main__":
    main()
