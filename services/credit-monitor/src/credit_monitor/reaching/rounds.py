"""Goes round all accounts, each by itself: one that hangs delays no other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from chassis.postgres import TRANSIENT, heal
from chassis.site import Site
from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import NoCredentials
from credit_monitor.reaching.accounts import Accounts

log = structlog.get_logger()

AT_ONCE_MAX = 200
"""Accounts visited at a time; one that hangs takes one place."""
FAILED_SECONDS = 15.0
"""What failed for no reason we know is left alone for this long."""


async def _never_mind(_key: str) -> None:
    """Do nothing about an account that nobody can log in to."""


class Rounds:
    """Visits the accounts whose turn it is, one visit an account at a time."""

    def __init__(
        self,
        site: Site,
        accounts: Accounts,
        due: Callable[[], Awaitable[Iterable[str]]],
        visit: Callable[[Account], Awaitable[None]],
        locked_out: Callable[[str], Awaitable[None]] = _never_mind,
    ) -> None:
        self._site = site
        self._accounts = accounts
        self._due = due
        self._visit = visit
        self._locked_out = locked_out
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self, pause_seconds: float) -> None:
        """Go round until cancelled; several replicas take turns as it happens."""
        try:
            while True:
                try:
                    await self._turn()
                except TRANSIENT as error:
                    log.warning("round interrupted", error=repr(error))
                    await heal(self._site.pool, error)
                await asyncio.sleep(pause_seconds)
        finally:
            await self._stop()

    async def _turn(self) -> None:
        for key in await self._due():
            if key in self._under_way or len(self._under_way) >= AT_ONCE_MAX:
                continue
            task = asyncio.create_task(self._visit_one(key))
            self._under_way[key] = task

    async def _visit_one(self, key: str) -> None:
        try:
            await self._visit(await self._accounts.named(key))
        except NoCredentials:
            await self._locked_out(key)
        except TRANSIENT as error:
            log.warning("visit interrupted", account=key, error=repr(error))
            await heal(self._site.pool, error)
        except Exception:
            log.exception("visit failed", account=key)
            await asyncio.sleep(FAILED_SECONDS)
        finally:
            self._under_way.pop(key, None)

    async def _stop(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
