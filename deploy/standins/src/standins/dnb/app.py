"""The stand-in, composed: Direct+ at the root, its controls under `/_control`."""

from fastapi import FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from starlette.responses import Response

from standins.creditsafe.faults import CONTROL, Misbehaviour
from standins.dnb import control, data, door, monitoring
from standins.store import Store


def build(store: Store, login: str) -> FastAPI:
    """Return the stand-in over a store; `login` is key and secret, with a colon between."""
    app = FastAPI(title="D&B Direct+, a stand-in")
    app.state.store = store
    app.state.login = login
    app.add_middleware(Misbehaviour, store=store)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.get("/healthz")(healthz)
    for part in (door.router, data.router, monitoring.router, control.router):
        app.include_router(part)
    return app


async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok", "service": "dnb-standin"}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == 401 and CONTROL not in request.url.path:  # noqa: PLR2004 - HTTP's own
        return door.problem(401, "00041", "You are not authorized: the token is invalid.")
    return await http_exception_handler(request, error)
