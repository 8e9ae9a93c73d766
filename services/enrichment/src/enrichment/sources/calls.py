"""Calls to one source over HTTP: paced, timed out, tried again, counted, left alone when it fails.

Its words for "no such thing" are answers; 429 slows us down; what cannot be read is `Garbled`.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Protocol, Self

import httpx2
import stamina

from chassis.breaker import Breaker, LeftAlone
from chassis.pace import Pace, TooFast
from enrichment import metrics
from enrichment.sources.port import Barred, Garbled, Unavailable

CONNECT_SECONDS_MAX = 2.0
CONNECTIONS_MAX = 8
WAIT_SECONDS_FIRST, WAIT_SECONDS_MAX = 0.5, 30.0
HOLD_SECONDS = 2.0
"""How long a 429 without `Retry-After` slows us down."""
ANSWERS = frozenset({200, 204, 304, 400, 404, 410})
"""What a source means to say; every other status is trouble."""
PASSING = frozenset({429, 500, 502, 503, 504})
"""What may be over the next time."""
OK, TOO_MANY, UNAUTHORIZED, FORBIDDEN = 200, 429, 401, 403
USER_AGENT = "Kundvakt (self-hosted CRM)"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a call is for: how long it may take, and how often it may be tried."""

    name: str
    seconds_max: float
    attempts: int


WAITED_FOR = Purpose("look-up-now", 1.2, 1)
"""Somebody sits in front of a form."""
TYPED = Purpose("search", 1.5, 1)
"""What was typed is stale by the second attempt."""
LOOK_UP = Purpose("look-up", 5.0, 4)
FEED = Purpose("feed", 20.0, 4)
BULK = Purpose("bulk", 30.0, 4)
"""Until the first byte."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status, and its JSON, if it had a body."""

    status: int
    body: Any = None


class Credentials(Protocol):
    """What a source knows us by."""

    async def headers(self) -> Mapping[str, str]:
        """Return what goes with every call."""
        ...

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Note that these are no longer taken; says whether others can be had."""
        ...


class Openly:
    """A source that asks nobody who he is."""

    async def headers(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def refused(self, _headers: Mapping[str, str]) -> bool:
        """Say that there is nothing else to try."""
        return False


class _Trouble(Unavailable):
    """One call did not work out; `passes` says that it may the next time."""

    def __init__(self, message: str, *, passes: bool, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after)
        self.passes = passes


@dataclass(slots=True)
class Calls:
    """A client of one source."""

    source: str
    client: httpx2.AsyncClient
    pace: Pace
    credentials: Credentials = field(default_factory=Openly)
    _breakers: dict[str, Breaker] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        """Open the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the client's connections."""
        await self.client.aclose()

    async def get(self, purpose: Purpose, path: str, **params: Any) -> Said:
        """Ask until there is an answer; raises `Unavailable` when there is none for now."""
        return await self.call(purpose, "GET", path, params=params)

    async def post(self, purpose: Purpose, path: str, body: Any) -> Said:
        """Ask with a body: a question too, that may be repeated."""
        return await self.call(purpose, "POST", path, json=body)

    async def call(self, purpose: Purpose, method: str, path: str, **more: Any) -> Said:
        """Ask until there is an answer."""
        hesitation = stamina.retry_context(
            on=_try_again,
            attempts=purpose.attempts,
            timeout=None,
            wait_initial=WAIT_SECONDS_FIRST,
            wait_max=WAIT_SECONDS_MAX,
            wait_jitter=WAIT_SECONDS_FIRST,
        )
        try:
            async for attempt in hesitation:
                with attempt:
                    return await self._admitted(purpose, method, path, more)
        except Unavailable as error:
            metrics.ERRORS.labels(self.source, type(error).__name__.lower().strip("_")).inc()
            raise
        raise AssertionError

    async def _admitted(
        self, purpose: Purpose, method: str, path: str, more: dict[str, Any]
    ) -> Said:
        """Ask once, or once more where our credentials have run out."""
        for _ in range(2):
            headers = await self.credentials.headers()
            answer = await self.send(purpose, method, path, headers=dict(headers), **more)
            if answer.status_code not in {UNAUTHORIZED, FORBIDDEN}:
                return self._read(purpose, answer)
            if answer.status_code == FORBIDDEN or not self.credentials.refused(headers):
                break
        raise Barred(f"{self.source}: {purpose.name}: {answer.status_code}")

    async def send(self, purpose: Purpose, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request; whatever goes wrong on the way is `Unavailable`."""
        breaker = self._breakers.setdefault(purpose.name, Breaker(self.source))
        try:
            breaker.pass_through()
            await self.pace.wait(purpose.seconds_max)
        except (LeftAlone, TooFast) as error:
            raise Unavailable(f"{self.source}: {error}", error.seconds) from error
        began = time.perf_counter()
        outcome = "failed"
        try:
            async with asyncio.timeout(purpose.seconds_max):
                answer = await self.client.request(method, path, **more)
            outcome = str(answer.status_code)
        except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as error:
            self._failed(breaker)
            raise _Trouble(f"{self.source}: {purpose.name}: {error!r}", passes=True) from error
        finally:
            took = time.perf_counter() - began
            metrics.CALLS.labels(self.source, purpose.name, outcome).observe(took)
        self._judge(purpose, breaker, answer)
        return answer

    def _judge(self, purpose: Purpose, breaker: Breaker, answer: httpx2.Response) -> None:
        """Tell answers from trouble."""
        status = answer.status_code
        if status in ANSWERS or status in {UNAUTHORIZED, FORBIDDEN}:
            if status != OK:
                self._worked(breaker)
            return
        wait = _retry_after(answer)
        if status == TOO_MANY:
            self.pace.hold(HOLD_SECONDS if wait is None else wait)
        else:
            self._failed(breaker)
        trouble = f"{self.source}: {purpose.name}: {status}"
        raise _Trouble(trouble, passes=status in PASSING, retry_after=wait)

    def _worked(self, breaker: Breaker) -> None:
        breaker.worked()
        metrics.BREAKER.labels(self.source).set(0)

    def _failed(self, breaker: Breaker) -> None:
        breaker.failed()
        metrics.BREAKER.labels(self.source).set(int(breaker.is_open))

    def _read(self, purpose: Purpose, answer: httpx2.Response) -> Said:
        """Read an answer; what is no JSON counts as a failure."""
        breaker, status = self._breakers[purpose.name], answer.status_code
        try:
            body = answer.json() if answer.content else None
        except ValueError as error:
            if status != OK:
                return Said(status)
            self._failed(breaker)
            raise Garbled(f"{self.source}: {purpose.name}: no JSON in the answer") from error
        self._worked(breaker)
        return Said(status, body)


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom to trust, for all sources: reading it stops the process for 40 ms."""
    return httpx2.create_ssl_context()


def client(url: str, **more: Any) -> httpx2.AsyncClient:
    """Open a client of a base URL; a source may have an authority of its own to be trusted."""
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT, **more.pop("headers", {})}
    verify = more.pop("verify", None) or _trusted()
    return httpx2.AsyncClient(
        base_url=url.rstrip("/") + "/",
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS_MAX),
        limits=httpx2.Limits(max_connections=CONNECTIONS_MAX),
        headers=headers,
        verify=verify,
        **more,
    )


def _try_again(error: Exception) -> bool | float:
    """Say whether to try again, after how many seconds if the source wants some."""
    if not isinstance(error, _Trouble) or not error.passes:
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= WAIT_SECONDS_MAX else False


def _retry_after(answer: httpx2.Response) -> float | None:
    """Return how long the source wants us to wait; a date instead of seconds is not understood."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.replace(".", "", 1).isdigit() else None
