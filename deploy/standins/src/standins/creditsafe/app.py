"""The stand-in, composed: Connect under `/v1`, its controls under `/_control`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from standins.creditsafe import companies, control, door, monitoring, notifications, tokens
from standins.creditsafe.demo import change_now_and_then
from standins.creditsafe.faults import CONTROL, Misbehaviour
from standins.store import Store

API = "/v1"


class Credentials(BaseModel):
    """Who logs in."""

    username: str
    password: str


def build(store: Store, account: tokens.Account, demo_every: float | None = None) -> FastAPI:
    """Return the stand-in over a store."""

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        demo = demo_every and asyncio.create_task(change_now_and_then(store, demo_every))
        yield
        if demo:
            demo.cancel()

    app = FastAPI(title="Creditsafe Connect, a stand-in", lifespan=life)
    app.state.store = store
    app.state.account = account
    app.add_middleware(Misbehaviour, store=store)
    app.add_exception_handler(RequestValidationError, door.on_malformed)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.post(f"{API}/authenticate")(authenticate)
    app.get("/healthz")(healthz)
    for part in (companies.router, notifications.router, monitoring.router):
        app.include_router(part, prefix=API)
    # Whoever knows the service's base URL finds the controls beside it, with `/v1` or without.
    app.include_router(control.router)
    app.include_router(control.router, prefix=API, include_in_schema=False)
    return app


async def authenticate(
    credentials: Credentials, request: Request, store: Annotated[Store, Depends(door.store_of)]
) -> JSONResponse:
    """Exchange a password for a token."""
    login = tokens.log_in(
        store, request.app.state.account, credentials.username, credentials.password
    )
    if login.token is None:
        return door.problem(401, login.message)
    return JSONResponse({"token": login.token})


async def healthz() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok", "service": "creditsafe-standin"}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == 401 and CONTROL not in request.url.path:  # noqa: PLR2004 - HTTP's own
        return await door.on_refusal(request, error)
    return await http_exception_handler(request, error)
