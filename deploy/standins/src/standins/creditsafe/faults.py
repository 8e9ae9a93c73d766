"""How the stand-in is told to misbehave, and the middleware that makes its calls fail."""

import asyncio
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from standins.store import Store

SECONDS_MAX = 3600
COPIES_MAX = 20
CONTROL = "/_control"
PROMISED_BYTES = 4096
"""What a broken answer says it will send, and does not."""
Seconds = Annotated[float, Field(ge=0, le=SECONDS_MAX)]
BODIES = {
    400: {"correlationId": "0", "message": "Bad request", "details": "made to fail"},
    401: {"error": "Invalid token."},
    403: {"message": "Access forbidden"},
    404: {"message": "Not found"},
    429: {"message": "Too many requests"},
}


class Faults(BaseModel):
    """Everything that can be made to go wrong; a `POST` changes what it names, the rest stays.

    `path`: only calls whose path contains it fail or are slow. `times`: how many calls `fail`
    lasts for; null until it is cleared. `fail`: how they fail (`status` with `status` and
    `retry_after`; a 200 with HTML; JSON cut short; a connection that breaks; a report without
    its rating; another company's report). Then what becomes of notifications: each listed
    `repeat` more times, issued anew `reissue` times under other ids, listed out of order,
    published late, published on time but seen late, or forgotten for the next `forget` changes.
    `limits` keeps a provider's own limits to calls, which tests would run into. `pending_seconds`
    is how long what is put into a portfolio is not there yet, where a provider says so.
    """

    model_config = ConfigDict(extra="forbid")

    path: str = ""
    times: Annotated[int, Field(ge=0)] | None = 1
    fail: (
        Literal["status", "garbage", "truncate", "disconnect", "partial", "wrong-company"] | None
    ) = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    retry_after: Seconds | None = None
    slow_seconds: Seconds = 0
    repeat: Annotated[int, Field(ge=0, le=COPIES_MAX)] = 0
    reissue: Annotated[int, Field(ge=0, le=COPIES_MAX)] = 0
    reorder: bool = False
    delay_seconds: Seconds = 0
    hide_seconds: Seconds = 0
    forget: Annotated[int, Field(ge=0)] = 0
    expire_tokens: bool = False
    limits: bool = False
    pending_seconds: Seconds = 0
    token_seconds: Annotated[int, Field(ge=1, le=SECONDS_MAX)] = SECONDS_MAX

    def strikes(self, path: str) -> bool:
        """Say whether a call is one of those that fail."""
        return self.fail is not None and self.path in path and self.times != 0


def present(store: Store) -> Faults:
    """Return how the stand-in misbehaves now."""
    return Faults.model_validate_json(store.get("faults") or "{}")


def change(store: Store, wished: dict[str, Any]) -> Faults:
    """Misbehave as wished from now on."""
    if "status" in wished:
        wished = {"fail": "status", **wished}
    faults = Faults.model_validate({**present(store).model_dump(), "times": 1, **wished})
    if faults.expire_tokens:
        store.put("token_generation", str(int(store.get("token_generation") or 0) + 1))
        faults = faults.model_copy(update={"expire_tokens": False})
    store.put("faults", faults.model_dump_json())
    return faults


def clear(store: Store) -> None:
    """Behave, and let a locked account in again."""
    store.put("faults", "{}")
    store.put("bad_logins", "0")


def strike(store: Store, path: str) -> Faults | None:
    """Return how this very call is to fail, if it is, and count it."""
    faults = present(store)
    if not faults.strikes(path):
        return None
    if faults.times is not None:
        left = faults.model_copy(update={"times": faults.times - 1})
        store.put("faults", left.model_dump_json())
    return faults


class Misbehaviour:
    """Makes calls slow or fails them before, or while, they are answered."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, unless it is to fail."""
        if scope["type"] != "http" or CONTROL in scope["path"]:
            await self._app(scope, receive, send)
            return
        faults = present(self._store)
        if faults.slow_seconds and faults.path in scope["path"]:
            await asyncio.sleep(faults.slow_seconds)
        if faults.fail in {None, "partial", "wrong-company"}:
            await self._app(scope, receive, send)
            return
        struck = strike(self._store, scope["path"])
        if struck is None:
            await self._app(scope, receive, send)
        elif struck.fail == "truncate":
            await self._app(scope, receive, _cutting(send))
        elif struck.fail == "disconnect":
            await send(_start([(b"content-length", str(PROMISED_BYTES).encode())]))
            await send({"type": "http.response.body", "body": b"{", "more_body": False})
        else:
            await _answer(struck)(scope, receive, send)


def _answer(struck: Faults) -> Response:
    if struck.fail == "garbage":
        return Response(
            "<html><body>Service is being upgraded</body></html>", media_type="text/html"
        )
    status = struck.status or 500
    headers = {} if struck.retry_after is None else {"Retry-After": f"{struck.retry_after:g}"}
    body = BODIES.get(status, {"message": "Internal server error"})
    return JSONResponse(body, status_code=status, headers=headers)


def _start(headers: list[tuple[bytes, bytes]]) -> Message:
    json = (b"content-type", b"application/json")
    return {"type": "http.response.start", "status": 200, "headers": [json, *headers]}


def _cutting(send: Send) -> Send:
    """Send only the first half of what was to be sent."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            return
        half = message["body"][: len(message["body"]) // 2]
        await send(_start([(b"content-length", str(len(half)).encode())]))
        await send({"type": "http.response.body", "body": half})

    return cut
