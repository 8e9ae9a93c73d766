"""Logins: what an account shows at every call, fetched anew when it runs out.

Wherever a login was refused it is tried again only after a long pause, or with other credentials:
bureaus lock accounts after a few wrong passwords.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from chassis.failpoints import reach
from credit_monitor.bureaus.line import Line
from credit_monitor.bureaus.logins import Logins
from credit_monitor.bureaus.port import LoginRefused

log = structlog.get_logger()

TOKEN_SHARE = 0.9
"""A token is renewed when this much of its life is over."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and how long it lasts."""

    text: str
    seconds: float


class Exchange(Protocol):
    """How one bureau gives a token for credentials."""

    fingerprint: str

    async def fetch(self, line: Line) -> Token | None:
        """Return a new token, or nothing where the bureau refuses the credentials."""
        ...


class Tokens:
    """A bearer token that all callers share: one fetches it, the others wait."""

    def __init__(self, exchange: Exchange, logins: Logins) -> None:
        self._exchange = exchange
        self._logins = logins
        self._token = ""
        self._renew_at = 0.0
        self._fetching = asyncio.Lock()

    async def headers(self, line: Line) -> Mapping[str, str]:
        """Return the present token, fetched anew where there is none that lasts."""
        async with self._fetching:
            if not self._token or time.monotonic() >= self._renew_at:
                await self._fetch(line)
            return {"Authorization": f"Bearer {self._token}"}

    async def refused(self, headers: Mapping[str, str]) -> None:
        """Forget a token that is no longer taken; another can be had."""
        if headers["Authorization"] == f"Bearer {self._token}":
            self._token = ""

    async def _fetch(self, line: Line) -> None:
        fingerprint = self._exchange.fingerprint
        await _held_back(self._logins, fingerprint)
        token = await self._exchange.fetch(line)
        if token is None:
            await _refused(self._logins, fingerprint, line.name)
        assert token  # noqa: S101 - a refusal is raised
        self._token = token.text
        self._renew_at = time.monotonic() + TOKEN_SHARE * token.seconds
        reach("credit-monitor.authenticated")


class ApiKey:
    """A key that goes with every call; there is no other."""

    def __init__(self, header: str, key: str, fingerprint: str, logins: Logins) -> None:
        self._headers = {header: key}
        self._fingerprint = fingerprint
        self._logins = logins

    async def headers(self, _line: Line) -> Mapping[str, str]:
        """Return the key, unless it was refused not long ago."""
        await _held_back(self._logins, self._fingerprint)
        return self._headers

    async def refused(self, _headers: Mapping[str, str]) -> None:
        """Try it no more for now."""
        await _refused(self._logins, self._fingerprint, "api key")


async def _held_back(logins: Logins, fingerprint: str) -> None:
    wait = await logins.wait(fingerprint)
    if wait > 0:
        raise LoginRefused("the bureau refused this login before", wait)


async def _refused(logins: Logins, fingerprint: str, bureau: str) -> None:
    await logins.refused(fingerprint)
    log.critical("the credit bureau refuses our login", bureau=bureau)
    raise LoginRefused("the bureau refuses our login", await logins.wait(fingerprint))
