"""The accounts at bureaus, opened as they are needed: which one is a tenant's, and its client."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from chassis.keys import KeyRing
from chassis.tenancy import Pool
from credit_monitor.bureaus.account import SHARED_DEFAULT, Account, parts_of
from credit_monitor.bureaus.line import Line
from credit_monitor.bureaus.logins import PostgresLogins
from credit_monitor.bureaus.opening import FIELDS, Opening, opened, shared
from credit_monitor.bureaus.port import Bureau, NoCredentials
from credit_monitor.reaching import credentials, hooks
from credit_monitor.reaching.discreet import Discreet, Hiding
from credit_monitor.reaching.raw_answers import RawAnswers
from credit_monitor.settings import CreditSettings

LOCKED_OUT_SECONDS = 3600.0
"""Nobody can log in until somebody gives credentials, which has everything done at once."""
IN_USE = """
SELECT account FROM accounts a
WHERE account = $1 OR EXISTS (SELECT FROM choices c WHERE c.account = a.account)
ORDER BY account
"""


@dataclass(frozen=True, slots=True)
class _Open:
    """An open account, and what it was opened with."""

    given: Mapping[str, str]
    account: Account
    line: Line | None


class Accounts:
    """Opens accounts and keeps them open; one whose credentials changed is opened anew."""

    def __init__(
        self,
        pool: Pool,
        keys: KeyRing,
        settings: CreditSettings,
        instead: Mapping[str, Bureau] | None = None,
    ) -> None:
        """Open accounts as the settings and tenants say, or take what is given `instead`."""
        self._pool = pool
        self._keys = keys
        self._settings = settings
        self._instead = {
            key: self._discreet(key, bureau) for key, bureau in (instead or {}).items()
        }
        self._open: dict[str, _Open] = {}
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begin with none open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all of them."""
        await self._stack.aclose()

    async def of(self, tenant: str) -> Account:
        """Return the account that a tenant's companies are dealt with at."""
        key = await self._pool.fetchval("SELECT account_of($1)", tenant)
        return await self.named(str(key))

    async def named(self, key: str) -> Account:
        """Return an account; raises `NoCredentials` where there is nothing to log in with."""
        if key in self._instead:
            return self._instead[key]
        bureau, owner = parts_of(key)
        given = await self._given(bureau, owner)
        if given is None:
            raise NoCredentials(f"{bureau}: there are no credentials", LOCKED_OUT_SECONDS)
        kept = self._open.get(key)
        if kept is None or kept.given != given:
            kept = self._open[key] = await self._opened(key, given)
        return kept.account

    async def in_use(self) -> Iterable[str]:
        """Return the accounts that some tenant has chosen, or has for want of a choice."""
        return [row["account"] for row in await self._pool.fetch(IN_USE, SHARED_DEFAULT)]

    def circuits(self, key: str) -> Mapping[str, str]:
        """Return which of an account's operations are let through, as this process knows it."""
        kept = self._open.get(key)
        return kept.line.circuits if kept and kept.line else {}

    async def _given(self, bureau: str, owner: str | None) -> Mapping[str, str] | None:
        if owner and FIELDS[bureau]:
            # The deployment's own would lead to another account than this tenant's.
            return await credentials.find(self._pool, self._keys, owner, bureau)
        return shared(self._settings, bureau)

    async def _opened(self, key: str, given: Mapping[str, str]) -> _Open:
        async with self._opening:
            kept = self._open.get(key)
            if kept is not None and kept.given == given:
                return kept
            bureau, owner = parts_of(key)
            archive = RawAnswers(self._pool, self._keys, key, self._settings.credit_raw_days)
            logins = PostgresLogins(self._pool, key)
            reached_at = self._settings.bureau_push_url
            hook = partial(hooks.address_of, self._keys, reached_at, bureau)
            opening = Opening(owner, given, self._settings, logins, archive, self._pool, hook)
            adapter, line = opened(bureau, opening)
            if line is not None:
                # What it replaces may have calls under way; it is closed with everything else.
                await self._stack.enter_async_context(line)
            return _Open(given, self._discreet(key, adapter), line)

    def _discreet(self, key: str, bureau: Bureau) -> Account:
        hiding = Hiding(self._pool, self._keys, key)
        return Account(key, Discreet(bureau, hiding), hiding.hidden)
