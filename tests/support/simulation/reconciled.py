"""Which nights are reconciled, and by whom: the table of reconciliations in memory.

The functions have the names that the product knows them by.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from chassis.streams import Stream
from credit_monitor.leases import LeaseLost
from credit_monitor.reconciling.reconcile import Drift, Expected, night_of
from credit_monitor.reconciling.reconciliations import Reconciliation
from support.simulation.office import LEASE, Office


@dataclass(slots=True)
class Night:
    """How far a tenant's portfolio is reconciled, and in whose hands that is."""

    slot: date
    next_at: datetime
    asked_at: datetime | None = None
    fence: int = 0
    failures: int = 0
    leased_until: datetime | None = None
    drift: Drift | None = None
    trouble: str | None = None


def _hold(office: Office, held: Reconciliation) -> Night:
    night: Night | None = office.nights.get((held.tenant, held.bureau))
    if night is None or night.fence != held.fence:
        raise LeaseLost
    return night


async def open_all(office: Office, bureau: str, moment: datetime) -> None:
    """See that every portfolio is reconciled, from the night to come on."""
    for tenant in office.portfolios:
        if (tenant, bureau) not in office.nights:
            slot = night_of(moment, tenant, bureau)
            office.nights[tenant, bureau] = Night(slot, office.now)


async def lease(office: Office, bureau: str, moment: datetime) -> Reconciliation | None:
    """Take one in hand that is due, or asked for, and in nobody else's hands."""
    for (tenant, name), night in office.nights.items():
        slot = max(night.slot, night_of(moment, tenant, bureau))
        is_held = night.leased_until is not None and night.leased_until >= office.now
        is_due = slot > night.slot or night.asked_at is not None
        if name == bureau and is_due and not is_held and night.next_at <= office.now:
            night.fence += 1
            night.leased_until = office.now + LEASE
            return Reconciliation(tenant, bureau, slot, night.fence, night.failures, night.asked_at)
    return None


async def extend(office: Office, held: Reconciliation) -> None:
    """Keep it in hand a little longer."""
    _hold(office, held).leased_until = office.now + LEASE


@asynccontextmanager
async def holding(office: Office, held: Reconciliation) -> AsyncIterator[Office]:
    """Open a transaction in which nobody can take it from us."""
    _hold(office, held)
    yield office


async def expected(office: Office, tenant: str, portfolio: str) -> dict[UUID, Expected]:
    """Return every company that the bureau was asked about, as we have it."""
    asked = {c for (t, c), one in office.standings.items() if t == tenant and one.rated_key}
    asked |= {company for whose, company in office.listings if whose == tenant}
    found = {}
    for company_id in asked:
        credit = office.streams.state(Stream(tenant, "credit", company_id))
        listing = office.listings.get((tenant, company_id))
        place = "no" if listing is None else listing.state
        elsewhere = listing is not None and listing.portfolio != portfolio
        found[company_id] = Expected(
            credit.watched,
            "maybe" if elsewhere else place,  # type: ignore[arg-type]
            listing.reference if listing else None,
            credit.rating,
        )
    return found


async def doubt(office: Office, tenant: str, companies: Sequence[UUID]) -> None:
    """Say of companies that are missing in the portfolio that they are listed perhaps."""
    for company_id in companies:
        listing = office.listings.get((tenant, company_id))
        if listing is not None:
            office.enlist((tenant, company_id), replace(listing, state="maybe"))


async def finish(office: Office, held: Reconciliation, drift: Drift) -> None:
    """Keep that it is done, and where the two differed."""
    night = _hold(office, held)
    night.slot, night.drift, night.leased_until = max(night.slot, held.slot), drift, None
    night.failures, night.trouble, night.next_at = 0, None, office.now
    if night.asked_at == held.asked_at:
        night.asked_at = None


async def put_off(office: Office, held: Reconciliation, seconds: float, why: str) -> None:
    """Try again later, and say why."""
    night = office.nights.get((held.tenant, held.bureau))
    if night is not None and night.fence == held.fence:
        night.next_at = office.now + timedelta(seconds=seconds)
        night.leased_until, night.trouble = None, why
        night.failures = min(night.failures + 1, 10)


RECONCILIATIONS = SimpleNamespace(
    open_all=open_all,
    lease=lease,
    extend=extend,
    holding=holding,
    expected=expected,
    doubt=doubt,
    finish=finish,
    put_off=put_off,
)
