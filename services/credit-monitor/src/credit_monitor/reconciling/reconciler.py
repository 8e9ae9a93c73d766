"""Holds each portfolio against what we have, every night, and mends and tells where they differ.

Whatever is interrupted, the next comparison finds what is left to do: nothing but what is seen to
be so decides. What is mended is mended by the same steps as everything else: a company is looked
at, and what to do about it follows from all that is known.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

import structlog

from chassis.edge import new_id, now
from chassis.failpoints import reach
from chassis.postgres import TRANSIENT
from chassis.site import Site
from credit_monitor import metrics, work
from credit_monitor.bureaus.account import Account, parts_of
from credit_monitor.bureaus.port import Unavailable
from credit_monitor.leases import LeaseLost, kept_up
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.reaching.rounds import Rounds
from credit_monitor.reconciling import reconciliations
from credit_monitor.reconciling.reconcile import Drift, compare
from credit_monitor.reconciling.reconciliations import Reconciliation
from credit_monitor.watching import listings
from credit_monitor.watching.listings import Listing

log = structlog.get_logger()

LOOK_SECONDS = 2.0
"""How soon an operator's wish is seen."""
BACKOFF_SECONDS_FIRST, BACKOFF_SECONDS_MAX = 5.0, 900.0
"""A night is long: a bureau that is away is asked again within it."""
BATCH = 1_000
"""Companies looked at in one transaction."""


class Reconciler:
    """Compares one account's portfolios, one at a time."""

    def __init__(self, site: Site, account: Account) -> None:
        self._site = site
        self._account = account

    async def turn(self) -> bool:
        """Reconcile one portfolio, if one is due and not in other hands; says whether one was."""
        pool, name = self._site.pool, self._account.key
        await reconciliations.open_all(pool, name, now())
        held = await reconciliations.lease(pool, name, now())
        if held is None:
            return False
        reach("credit-monitor.reconcile-leased")
        try:
            async with kept_up(lambda: reconciliations.extend(pool, held)):
                drift = await self._reconcile(held)
        except LeaseLost:
            log.warning("somebody else reconciles", tenant=held.tenant)
        except Unavailable as error:
            await self._put_off(held, str(error), error.retry_after)
        except TRANSIENT:
            raise
        except Exception as error:
            log.exception("reconciliation failed", tenant=held.tenant)
            await self._put_off(held, repr(error), BACKOFF_SECONDS_MAX)
        else:
            _tell(held, drift)
            self._site.changed.set()
        return True

    async def _reconcile(self, held: Reconciliation) -> Drift:
        """Compare, take out what is left over, and have the rest looked at."""
        pool, tenant = self._site.pool, held.tenant
        portfolio = await listings.portfolio_of(pool, self._account, tenant)
        before = await reconciliations.expected(pool, tenant, portfolio)
        there = await self._account.bureau.listed(portfolio)
        reach("credit-monitor.reconcile-listed")
        if there is None:
            await listings.forget_portfolio(pool, self._account, tenant)
        after = await reconciliations.expected(pool, tenant, portfolio)
        drift = compare(tenant, before, there or (), after)
        for reference in drift.leftover:
            await self._take_out(held, portfolio, reference)
        await self._put_back(held, drift.missing)
        await self._have_looked_at(held, drift.moved, look=True)
        await self._have_looked_at(held, drift.undecided, look=False)
        async with reconciliations.holding(pool, held) as connection:
            await reconciliations.finish(connection, held, drift)
        reach("credit-monitor.reconcile-done")
        return drift

    async def _take_out(self, held: Reconciliation, portfolio: str, reference: str) -> None:
        """Take out what nobody is listed under, unless that is no longer so.

        Somebody may just be listing a company there: then it is looked at once more.
        """
        pool, place = self._site.pool, self._account.key
        listing = Listing(portfolio, reference, "maybe", place)
        async with reconciliations.holding(pool, held) as connection:
            if await listings.doubt(connection, held.tenant, listing):
                return
        await self._account.bureau.unwatch(portfolio, reference)
        reach("credit-monitor.reconcile-removed")
        async with reconciliations.holding(pool, held) as connection:
            others = await listings.doubt(connection, held.tenant, listing)
            await work.touch_all(connection, held.tenant, others, new_id())

    async def _put_back(self, held: Reconciliation, companies: Sequence[UUID]) -> None:
        for some in _batches(companies):
            async with reconciliations.holding(self._site.pool, held) as connection:
                await work.touch_all(connection, held.tenant, some, new_id())
                await reconciliations.doubt(connection, held.tenant, some)
            reach("credit-monitor.reconcile-put-back")

    async def _have_looked_at(
        self, held: Reconciliation, companies: Sequence[UUID], *, look: bool
    ) -> None:
        """Have companies looked at; where they are rated otherwise, the bureau is asked how."""
        for some in _batches(companies):
            async with reconciliations.holding(self._site.pool, held) as connection:
                await work.touch_all(connection, held.tenant, some, new_id(), look=look)
            reach("credit-monitor.reconcile-looked-at")

    async def _put_off(self, held: Reconciliation, why: str, seconds: float | None) -> None:
        longest = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_FIRST * 2**held.failures)
        log.warning("portfolio not reconciled", tenant=held.tenant, why=why)
        metrics.RECONCILED.labels(parts_of(held.bureau)[0], "failed").inc()
        await reconciliations.put_off(self._site.pool, held, max(seconds or 0.0, longest), why)


def _batches(companies: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(companies), BATCH):
        yield companies[start : start + BATCH]


def _tell(held: Reconciliation, drift: Drift) -> None:
    """Tell operators where a portfolio differed from what we have."""
    metrics.RECONCILED.labels(parts_of(held.bureau)[0], "done").inc()
    for kind, count in drift.counts.items():
        metrics.DRIFT.labels(parts_of(held.bureau)[0], kind).inc(count)
    say = log.warning if any(drift.counts.values()) else log.info
    say(
        "portfolio reconciled",
        tenant=held.tenant,
        bureau=held.bureau,
        night=str(held.slot),
        members=drift.members,
        **drift.counts,
    )
    if drift.strangers:
        # How many, not who: a bureau's reference may be made of a person's number.
        log.warning(
            "in our portfolio, and not by us",
            tenant=held.tenant,
            strangers=len(drift.strangers),
        )


async def reconcile_for_ever(site: Site, accounts: Accounts) -> None:
    """Reconcile whatever is due, again and again; several replicas take turns as it happens."""

    async def visit(account: Account) -> None:
        while await Reconciler(site, account).turn():
            pass

    await Rounds(site, accounts, accounts.in_use, visit).run(LOOK_SECONDS)
