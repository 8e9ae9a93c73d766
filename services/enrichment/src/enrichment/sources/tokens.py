"""Access tokens by client credentials (RFC 6749 §4.4): one at a time, renewed before they end."""

import asyncio
import time
from collections.abc import Mapping

from enrichment.sources.calls import Calls, Purpose
from enrichment.sources.port import Barred, Garbled

TOKEN = Purpose("token", 5.0, 2)
LIFE_SECONDS = 3600.0
SHARE = 0.9
"""A token is renewed when this much of its life is over."""
OK = 200


class ClientCredentials:
    """What is shown to a source that wants a bearer token; all callers share one."""

    def __init__(self, calls: Calls, path: str, scope: str) -> None:
        self._calls = calls
        self._form = {"grant_type": "client_credentials", "scope": scope}
        self._path = path
        self._token = ""
        self._renew_at = 0.0
        self._fetching = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """Return the present token, fetched anew where there is none that lasts."""
        async with self._fetching:
            if not self._token or time.monotonic() >= self._renew_at:
                await self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Forget a token that is no longer taken; another can be had."""
        if headers["Authorization"] == f"Bearer {self._token}":
            self._token = ""
        return True

    async def _fetch(self) -> None:
        said = await self._calls.call(TOKEN, "POST", self._path, data=self._form)
        if said.status != OK:
            raise Barred(f"{self._calls.source}: no token: {said.status}")
        token = said.body.get("access_token") if isinstance(said.body, dict) else None
        if not isinstance(token, str) or not token:
            raise Garbled(f"{self._calls.source}: no token in the answer")
        life = said.body.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else LIFE_SECONDS
        self._token = token
        self._renew_at = time.monotonic() + SHARE * seconds
