"""Every request as a span and a figure: who waited for what, and how long."""

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import metrics, tracing

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
LEFT = "left"
"""Nobody waited for an answer, and there was none."""
ENDLESS = "/events"
"""A stream that lasts ten minutes says nothing by its length."""


class Measured:
    """Wraps the app: continues the caller's trace, and counts by route and outcome."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and measure it."""
        if scope["type"] != "http" or scope["path"].endswith(ENDLESS):
            await self._app(scope, receive, send)
            return
        began, outcome = time.perf_counter(), LEFT

        async def answer(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                outcome = f"{message['status'] // 100}xx"
            await send(message)

        try:
            with tracing.span("http", Headers(scope=scope).get("traceparent")):
                await self._app(scope, receive, answer)
        except BaseException:
            outcome = "failed" if outcome == LEFT else outcome
            raise
        finally:
            # Addresses hold ids, routes do not: there are only so many of them.
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in METHODS else "other"
            handler = f"gateway {method} {route}"
            metrics.HANDLED.labels(handler, outcome).observe(time.perf_counter() - began)
