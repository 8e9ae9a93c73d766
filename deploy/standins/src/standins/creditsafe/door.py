"""What every call passes: the token check, and errors in Connect's own words."""

from typing import Any
from uuid import UUID

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from standins.creditsafe import tokens
from standins.creditsafe.clock import now
from standins.store import Store


def store_of(request: Request) -> Store:
    """Return the stand-in's memory."""
    store: Store = request.app.state.store
    return store


async def authenticated(request: Request) -> None:
    """Let nobody in without a good token."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not tokens.is_valid(store_of(request), token):
        raise HTTPException(401)


def correlation() -> str:
    """Return the id that an answer is found again by."""
    return str(UUID(int=int(now().timestamp() * 1_000_000)))


def problem(status: int, message: str, **more: Any) -> JSONResponse:
    """Refuse, as most calls do."""
    return JSONResponse({"message": message, **more}, status_code=status)


def not_found(message: str) -> JSONResponse:
    """Say that there is no such thing."""
    return problem(404, message)


async def on_refusal(_: Request, __: Exception) -> JSONResponse:
    """Refuse a call without a good token; its body differs from all others."""
    return JSONResponse({"error": "Invalid token."}, status_code=401)


async def on_malformed(_: Request, error: Exception) -> JSONResponse:
    """Refuse what cannot be understood."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    wrong = error.errors()[0]
    where = ".".join(str(part) for part in wrong["loc"])
    return problem(
        400, "Bad request", correlationId=correlation(), details=f"{where}: {wrong['msg']}"
    )
