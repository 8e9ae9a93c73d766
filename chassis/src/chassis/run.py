"""A service as a process: started, kept going, and stopped within ten seconds.

`python -m chassis.run <service>`
"""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from importlib.metadata import entry_points
from typing import Any

import structlog
import uvicorn
import uvloop
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.errors import Error as NatsError
from starlette.applications import Starlette

from chassis import (
    consumer,
    failpoints,
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
from chassis.failpoints import reach
from chassis.service import Service
from chassis.settings import Settings
from chassis.site import Site, open_site

log = structlog.get_logger()

STOP_SECONDS_MAX = 8
"""For requests and handlers in hand; two more are left for closing connections."""
LOOK_SECONDS = 0.5
YOUNG_OBJECTS_MAX = 10_000
"""So many new objects are looked through for cycles at once; most are gone before."""


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


async def serve(service: Service, settings: Settings) -> None:
    """Run a service until SIGTERM or SIGINT."""
    async with open_site(service, settings) as site:
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, site.stopping.set)
        broker = wire.broker(
            settings.nats_url.get_secret_value(), service.name, settings.nats_inbox_prefix
        )
        broker.context.set_global("site", site)
        broker.include_routers(*service.routers)
        reach(f"{service.name}.started")
        tasks = [
            asyncio.create_task(answer(broker), name="answer"),
            *(asyncio.create_task(loop, name=name) for name, loop in _loops(site)),
        ]
        server = _server(site)
        http = asyncio.create_task(server.serve(sockets=[_listen(site)]), name="http")
        keep_what_is_loaded()
        log.info("started", service=service.name)
        ended = await _until_stopped(site, [*tasks, http])
        log.info("stopping", service=service.name)
        server.should_exit = True
        # A line that was closed for good cannot be drained: the broker's own group says so.
        with contextlib.suppress(TimeoutError, NatsError, ExceptionGroup):
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await asyncio.gather(http, return_exceptions=True)
                await broker.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait([*tasks, http], timeout=1)
        if ended is not None:
            raise SystemExit(f"{ended.get_name()} ended: {ended.exception()!r}")
        log.info("stopped", service=service.name)


def keep_what_is_loaded() -> None:
    """Have no garbage looked for in what is there for good: modules, routes, models.

    Looking through all of it took a tenth of a second of every busy second, at one stroke.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX)


async def answer(broker: NatsBroker) -> None:
    """Answer commands and queries for as long as the service runs."""
    await broker.start()
    await _open_line(broker.connection)


async def _open_line(client: Client) -> None:
    """Wait until a client has closed its line for good, as one does whom the bus turns out.

    It would never open it again; the process has to end, and be started anew.
    """
    while not client.is_closed:  # noqa: ASYNC110 - a client sets no event
        await asyncio.sleep(LOOK_SECONDS)


async def _on_the_bus(site: Site, loop: Coroutine[Any, Any, None]) -> None:
    """Begin a loop that needs the bus once that is there."""
    try:
        await asyncio.shield(site.connecting)
    except BaseException:
        loop.close()
        raise
    await loop


def _loops(site: Site) -> Iterator[tuple[str, Any]]:
    """Name everything that runs beside the handlers."""
    service = site.service
    yield "line", _open_line(site.nats)
    if service.has_events:
        yield "relay", _on_the_bus(site, relay.relay(site))
    if service.keep or service.reactions:
        yield "consume", _on_the_bus(site, consumer.consume(site))
        yield "watch", _on_the_bus(site, watch.watch(site))
        yield "retry parked", parked.retry_parked(site)
        yield "measure", measure.measure(site)
    if service.projections:
        yield "project", projector.Projector(site, service.projections).run()
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


def main() -> None:
    """Run the service named on the command line."""
    failpoints.begin(sys.argv[1])
    service = find(sys.argv[1])
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    tracing.configure(service.name)
    uvloop.run(serve(service, settings))


if __name__ == "__main__":
    main()
