"""Calls to one account at a bureau: logged in, paced, timed out, tried again, kept and counted.

A login that was refused is never repeated by itself; 429 slows us down; what is paid for is asked
for again only when it is sure that nothing was sold. What fails again and again is left alone, by
what it was asked: a slow report keeps nobody from searching.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias

import httpx2
import stamina

from chassis import breaker
from chassis.pace import Pace, TooFast
from credit_monitor import metrics
from credit_monitor.bureaus.port import Garbled, LeftAlone, Unavailable

CONNECT_SECONDS_MAX = 2.0
READ_SECONDS_MAX = 5.0
REPORT_SECONDS_MAX = 20.0
"""A report is put together while we wait."""
ATTEMPTS = 4
WAIT_SECONDS_FIRST, WAIT_SECONDS_MAX = 0.2, 4.0
"""What lasts longer than a few seconds is left to the caller, who asks again later."""
HOLD_SECONDS = 1.0
"""How long a 429 without `Retry-After` slows everybody down."""
CONNECTIONS_MAX = 10
BODY_BYTES_MAX = 32_000_000
"""A thousand notifications take one of them; more is a mistake, or ill will."""
TOO_MANY, UNAUTHORIZED = 429, 401

Operation: TypeAlias = Literal["login", "search", "report", "monitor"]


class _Trouble(Unavailable):
    """One call did not work out; `unsent` says that the bureau did nothing for it."""

    def __init__(self, message: str, *, unsent: bool, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after)
        self.unsent = unsent


class Login(Protocol):
    """What an account shows at every call."""

    async def headers(self, line: "Line") -> Mapping[str, str]:
        """Return what goes with a call; raises `LoginRefused`."""
        ...

    async def refused(self, headers: Mapping[str, str]) -> None:
        """Note that these are no longer taken; raises `LoginRefused` where there are no others."""
        ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How a bureau wants to be asked, and which statuses are what it means to say."""

    a_second: float
    at_once: int
    answers: frozenset[int]
    left_alone_seconds: float = breaker.OPEN_SECONDS_FIRST


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom to trust, for all accounts: reading it stops the process for 40 ms."""
    return httpx2.create_ssl_context()


class Line:
    """A client of one account; all its callers share its login, its pace and its breakers."""

    def __init__(self, name: str, url: str, login: Login, manners: Manners) -> None:
        self.name = name
        self._login = login
        self._manners = manners
        self._pace = Pace(manners.a_second, manners.at_once)
        self._breakers: dict[Operation, breaker.Breaker] = {}
        self._client = httpx2.AsyncClient(
            base_url=url.rstrip("/") + "/",
            timeout=httpx2.Timeout(READ_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
            limits=httpx2.Limits(max_connections=CONNECTIONS_MAX),
            headers={"Accept": "application/json"},
            verify=_trusted(),
        )

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
        await self._client.aclose()

    @property
    def circuits(self) -> Mapping[str, str]:
        """Return which operations are let through: closed, open, half-open."""
        return {operation: each.state for operation, each in self._breakers.items()}

    async def greet(self) -> None:
        """Log in, so that it is known whether the bureau lets us."""
        await self._login.headers(self)

    async def call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        operation: Operation = "monitor",
        once: bool = False,
        keep: Callable[[bytes], Awaitable[object]] | None = None,
        **more: Any,
    ) -> tuple[int, Any]:
        """Call until there is an answer; returns its status and what it says.

        Raises `Unavailable` when there is none for now. What must happen `once` is tried again
        only where the bureau surely did nothing for it. A good answer is kept, if it is to be,
        before anybody reads it.
        """
        if operation == "report":
            more["timeout"] = httpx2.Timeout(REPORT_SECONDS_MAX, connect=CONNECT_SECONDS_MAX)
        hesitation = stamina.retry_context(
            on=lambda error: _try_again(error, once=once),
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=WAIT_SECONDS_FIRST,
            wait_max=WAIT_SECONDS_MAX,
            wait_jitter=WAIT_SECONDS_FIRST,
        )
        async for attempt in hesitation:
            with attempt:
                answer = await self._call_logged_in(name, operation, method, path, more)
        if keep is not None and answer.is_success and answer.content:
            await keep(answer.content)
        return self._read(name, operation, answer)

    async def _call_logged_in(
        self, name: str, operation: Operation, method: str, path: str, more: dict[str, Any]
    ) -> httpx2.Response:
        """Call once; a token the bureau no longer takes is renewed once."""
        for _ in range(2):
            headers = await self._login.headers(self)
            own = more.get("headers", {})
            sent = {**more, "headers": {**own, **headers}}
            answer = await self.send(name, operation, method, path, **sent)
            if answer.status_code != UNAUTHORIZED:
                return self.judged(name, answer)
            await self._login.refused(headers)
        raise Unavailable(f"{name}: the bureau does not take its own new token")

    async def send(
        self, name: str, operation: Operation, method: str, path: str, **more: Any
    ) -> httpx2.Response:
        """Send one request; whatever goes wrong on the way is `Unavailable`."""
        circuit = self._circuit(operation)
        await self._wait_for_a_turn(name, circuit)
        began = time.perf_counter()
        outcome = "failed"
        try:
            answer = await self._client.request(method, path, **more)
            outcome = str(answer.status_code)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            circuit.failed()
            raise _Trouble(f"{name}: {error!r}", unsent=True) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            circuit.failed()
            raise _Trouble(f"{name}: {error!r}", unsent=False) from error
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            took = time.perf_counter() - began
            metrics.CALLS.labels(self.name, name, outcome).observe(took)
        if answer.is_server_error:
            circuit.failed()
        elif answer.status_code == TOO_MANY:
            self._pace.hold(_retry_after(answer) or HOLD_SECONDS)
        else:
            circuit.worked()
        return answer

    def _circuit(self, operation: Operation) -> breaker.Breaker:
        if operation not in self._breakers:
            seconds = self._manners.left_alone_seconds
            self._breakers[operation] = breaker.Breaker(operation, open_seconds=seconds)
        return self._breakers[operation]

    async def _wait_for_a_turn(self, name: str, circuit: breaker.Breaker) -> None:
        try:
            circuit.pass_through()
            await self._pace.wait()
        except breaker.LeftAlone as error:
            raise LeftAlone(f"{name}: {error}", error.seconds) from error
        except TooFast as error:
            raise Unavailable(f"{name}: {error}", error.seconds) from error

    def judged(self, name: str, answer: httpx2.Response) -> httpx2.Response:
        """Pass on what the bureau means to say."""
        status = answer.status_code
        if status not in self._manners.answers:
            raise _Trouble(f"{name}: {status}", unsent=True, retry_after=_retry_after(answer))
        return answer

    def _read(self, name: str, operation: Operation, answer: httpx2.Response) -> tuple[int, Any]:
        """Read an answer; garbage counts as a failure."""
        if not answer.content:
            return answer.status_code, None
        if len(answer.content) > BODY_BYTES_MAX:
            raise Garbled(f"{name}: more than any answer has")
        try:
            return answer.status_code, answer.json()
        except ValueError as error:
            if not answer.is_success:
                return answer.status_code, None
            self._circuit(operation).failed()
            raise Garbled(f"{name}: no JSON in the answer") from error


def _try_again(error: Exception, *, once: bool) -> bool | float:
    """Say whether to try again at once, or after how many seconds the bureau wants."""
    if not isinstance(error, _Trouble) or (once and not error.unsent):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= WAIT_SECONDS_MAX else False


def _retry_after(answer: httpx2.Response) -> float | None:
    """Return how long the bureau wants us to wait; a date instead of seconds is not understood."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.replace(".", "", 1).isdigit() else None
