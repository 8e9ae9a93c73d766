"""Whether a process is well: the sum of real pings, and its figures for Prometheus."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.site import Site
from chassis.tenancy import Pool

PING_SECONDS_MAX = 2.0


async def _ping_pool(pool: Pool) -> None:
    await pool.fetchval("SELECT 1", timeout=PING_SECONDS_MAX)


async def _ping_nats(site: Site) -> None:
    await site.nats.flush(timeout=int(PING_SECONDS_MAX))


def _pings(site: Site) -> dict[str, Callable[[], Awaitable[None]]]:
    return {
        "database": lambda: _ping_pool(site.pool),
        "reader": lambda: _ping_pool(site.reader),
        "nats": lambda: _ping_nats(site),
    }


async def readiness(site: Site) -> dict[str, str]:
    """Ping everything the process stands on; say of each `ok` or what is wrong."""
    found: dict[str, str] = {}
    for name, ping in _pings(site).items():
        try:
            async with asyncio.timeout(PING_SECONDS_MAX):
                await ping()
            found[name] = "ok"
        except Exception as error:  # noqa: BLE001 - a ping may fail in any way
            found[name] = type(error).__name__
    return found


def routes(site: Site) -> list[Route]:
    """Return `/healthz` (alive), `/readyz` (able to work) and `/metrics`."""
    # Without the bus the gateway still reads; taking it away would make an outage of it.
    needed = {"database", "reader"} if site.service.http else {"database", "nats"}

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": site.service.name})

    async def readyz(_: Request) -> Response:
        checks = await readiness(site)
        bad = {name for name, state in checks.items() if state != "ok"}
        status = "unready" if bad & needed else "degraded" if bad else "ready"
        return JSONResponse(
            {"status": status, "service": site.service.name, "checks": checks},
            status_code=503 if status == "unready" else 200,
        )

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz, include_in_schema=False),
        Route("/readyz", readyz, include_in_schema=False),
        Route("/metrics", metrics, include_in_schema=False),
    ]
