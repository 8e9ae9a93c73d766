"""The stand-in, composed: every registry under its own paths, the controls under `/_control`."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import Response

from standins.creditsafe.faults import CONTROL, Misbehaviour
from standins.registries import bolagsverket, brreg, control, cvr, gleif, prh, scb
from standins.store import Store

ROUTERS = tuple(part.router for part in (control, bolagsverket, brreg, cvr, gleif, prh, scb))


def build(store: Store) -> FastAPI:
    """Return the stand-in over a store."""
    app = FastAPI(title="Company registries, a stand-in")
    app.state.store = store
    app.add_middleware(Misbehaviour, store=store)
    app.get("/healthz")(healthz)
    for router in ROUTERS:
        app.include_router(router)

    @app.middleware("http")
    async def count(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """Note what is asked."""
        if CONTROL not in request.url.path:
            store.run("INSERT INTO calls (path) VALUES (?)", request.url.path)
        return await answer(request)

    return app


async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok", "service": "registries-standin"}
