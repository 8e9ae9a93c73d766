"""Calls to Creditsafe Connect: logged in, timed out, tried again, and counted.

Source: the vendor's OpenAPI description 1.10.4. A token lasts an hour; a login that was refused
is never repeated by itself; 429 says how long to wait; a report is paid for, so that it is asked
for again only when it is sure that none was sent.
"""

import asyncio
import base64
import binascii
import json
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import stamina
import structlog

from chassis.failpoints import reach
from credit_monitor import metrics
from credit_monitor.bureaus.logins import Logins, fingerprint
from credit_monitor.bureaus.port import Garbled, LoginRefused, Unavailable

log = structlog.get_logger()

VERSION = "v1"
CONNECT_SECONDS_MAX = 2.0
READ_SECONDS_MAX = 5.0
REPORT_SECONDS_MAX = 20.0
"""A report is put together while we wait."""
ATTEMPTS = 4
WAIT_SECONDS_FIRST, WAIT_SECONDS_MAX = 0.2, 4.0
"""What lasts longer than a few seconds is left to the caller, who asks again later."""
TOKEN_LIFE_SECONDS = 3600.0
TOKEN_SHARE = 0.9
"""A token is renewed when this much of its life is over."""
CONNECTIONS_MAX = 10
ANSWERS = frozenset({200, 204, 400, 403, 404, 409})
"""What the bureau means to say; every other status is trouble."""
TOO_MANY = 429
UNAUTHORIZED = 401
REFUSED = frozenset({400, 401, 403})


class _Trouble(Unavailable):
    """One call did not work out; `unsent` says that the bureau did nothing for it."""

    def __init__(self, message: str, *, unsent: bool, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after)
        self.unsent = unsent


class Connect:
    """A logged-in client; all its callers share one token."""

    def __init__(self, url: str, username: str, password: str, logins: Logins) -> None:
        self._credentials = {"username": username, "password": password}
        self._fingerprint = fingerprint(username, password)
        self._logins = logins
        self._token = ""
        self._renew_at = 0.0
        self._login = asyncio.Lock()
        self._client = httpx2.AsyncClient(
            base_url=_with_version(url),
            timeout=httpx2.Timeout(READ_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
            limits=httpx2.Limits(max_connections=CONNECTIONS_MAX),
            headers={"Accept": "application/json"},
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

    async def call(
        self, name: str, method: str, path: str, *, once: bool = False, **more: Any
    ) -> tuple[int, Any]:
        """Call until there is an answer; returns its status and what it says.

        Raises `Unavailable` when there is none for now. What must happen `once` is tried again
        only where the bureau surely did nothing for it.
        """
        if once:
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
                return await self._call_logged_in(name, method, path, more)
        raise AssertionError

    async def _call_logged_in(
        self, name: str, method: str, path: str, more: dict[str, Any]
    ) -> tuple[int, Any]:
        """Call once; a token the bureau no longer takes is renewed once."""
        for is_second in (False, True):
            token = await self._valid_token()
            headers = {"Authorization": f"Bearer {token}"}
            answer = await self._send(name, method, path, headers=headers, **more)
            if answer.status_code != UNAUTHORIZED:
                return _read(name, answer)
            if self._token == token:
                self._token = ""
            if is_second:
                raise Unavailable(f"{name}: the bureau does not take its own new token")
        raise AssertionError

    async def _valid_token(self) -> str:
        async with self._login:
            if not self._token or time.monotonic() >= self._renew_at:
                await self._log_in()
            return self._token

    async def _log_in(self) -> None:
        wait = await self._logins.wait(self._fingerprint)
        if wait > 0:
            raise LoginRefused("the bureau refused this login before", wait)
        answer = await self._send("authenticate", "POST", "authenticate", json=self._credentials)
        if answer.status_code in REFUSED:
            await self._logins.refused(self._fingerprint)
            log.critical("the credit bureau refuses our login", status=answer.status_code)
            raise LoginRefused(
                "the bureau refuses our login", await self._logins.wait(self._fingerprint)
            )
        _, said = _read("authenticate", answer)
        if not isinstance(said, dict) or not isinstance(said.get("token"), str):
            raise Garbled("authenticate: no token in the answer")
        self._token = said["token"]
        self._renew_at = time.monotonic() + TOKEN_SHARE * _life(self._token)
        reach("credit-monitor.authenticated")

    async def _send(self, name: str, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send one request; whatever goes wrong on the way is `Unavailable`."""
        began = time.perf_counter()
        outcome = "failed"
        try:
            answer = await self._client.request(method, path, **more)
            outcome = str(answer.status_code)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise _Trouble(f"{name}: {error!r}", unsent=True) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _Trouble(f"{name}: {error!r}", unsent=False) from error
        finally:
            metrics.CALLS.labels(name, outcome).observe(time.perf_counter() - began)
        return answer


def _with_version(url: str) -> str:
    """Return the URL that paths are put after; one that names no version gets ours."""
    bare = url.rstrip("/")
    return f"{bare}/" if urlsplit(bare).path else f"{bare}/{VERSION}/"


def _try_again(error: Exception, *, once: bool) -> bool | float:
    """Say whether to try again at once, or after how many seconds the bureau wants."""
    if not isinstance(error, _Trouble) or (once and not error.unsent):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= WAIT_SECONDS_MAX else False


def _read(name: str, answer: httpx2.Response) -> tuple[int, Any]:
    """Read an answer; trouble is raised, garbage too."""
    status = answer.status_code
    if status not in ANSWERS:
        raise _Trouble(f"{name}: {status}", unsent=True, retry_after=_retry_after(answer))
    if not answer.content:
        return status, None
    try:
        return status, answer.json()
    except ValueError as error:
        raise Garbled(f"{name}: no JSON in the answer") from error


def _retry_after(answer: httpx2.Response) -> float | None:
    """Return how long the bureau wants us to wait; a date instead of seconds is not understood."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.replace(".", "", 1).isdigit() else None


def _life(token: str) -> float:
    """Return how long a token lasts, as it says itself (RFC 7519 §4.1)."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return max(1.0, min(TOKEN_LIFE_SECONDS, float(claims["exp"]) - float(claims["iat"])))
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return TOKEN_LIFE_SECONDS
