"""The credit monitor's tables in memory, under the names that the product knows them by.

What the product does with them, step by step, is its own code; `in_memory` puts these in the
place of the modules that ask Postgres.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import chassis.reaction
import credit_monitor.desk
import credit_monitor.reactions
import credit_monitor.reports
import credit_monitor.steps
import enrichment.reactions
from chassis.edge import derived_id
from credit_monitor.bureaus.port import Bureau, Notice, Unavailable
from credit_monitor.changes import Told
from credit_monitor.leases import LEASE_SECONDS, LeaseLost
from credit_monitor.listings import Listing
from credit_monitor.subject import Subject
from credit_monitor.subjects import Standing
from credit_monitor.work import Work
from support.simulation import pure
from support.simulation.bureau import Clock
from support.simulation.cast import REGISTRY
from support.simulation.pure import numbered

NEVER = datetime.max.replace(tzinfo=UTC)
LEASE = timedelta(seconds=LEASE_SECONDS)
Place = tuple[str, UUID]


@dataclass(slots=True)
class Row:
    """A company that something is to be done about."""

    id: UUID
    due_at: datetime
    correlation: UUID
    causation: UUID | None
    generation: int = 1
    after_poll: datetime | None = None
    look: bool = False
    unexplained: bool = False
    fence: int = 0
    leased_until: datetime | None = None
    attempts: int = 0
    ordered: int = 0
    report: dict[str, Any] | None = None

    def let_go(self, due_at: datetime) -> None:
        """Be in nobody's hands."""
        self.leased_until, self.attempts, self.due_at = None, 0, due_at


@dataclass(slots=True)
class Account:
    """How far the bureau's notifications are read."""

    next_poll_at: datetime
    cursor: datetime | None = None
    deep_at: datetime | None = None
    fence: int = 0
    leased_until: datetime | None = None


@dataclass(slots=True)
class Noticed:
    """A notification as it is kept."""

    place: Place
    notice: Notice
    settled: bool = False


@dataclass(slots=True)
class Office:
    """Everything the credit monitor keeps besides its events."""

    clock: Clock
    off: frozenset[str]
    streams: Any
    account: Account
    subjects: dict[Place, Subject] = field(default_factory=dict)
    standings: dict[Place, Standing] = field(default_factory=dict)
    listings: dict[Place, Listing] = field(default_factory=dict)
    portfolios: dict[str, str] = field(default_factory=dict)
    opening: set[str] = field(default_factory=set)
    work: dict[Place, Row] = field(default_factory=dict)
    notices: dict[tuple[str, int], Noticed] = field(default_factory=dict)
    works: int = 0

    def copy(self, clock: Clock, streams: Any) -> "Office":
        """Return the same office once more."""
        return replace(
            self,
            clock=clock,
            streams=streams,
            account=replace(self.account),
            subjects=dict(self.subjects),
            standings=dict(self.standings),
            listings=dict(self.listings),
            portfolios=dict(self.portfolios),
            opening=set(),
            work={place: replace(row) for place, row in self.work.items()},
            notices={key: replace(noticed) for key, noticed in self.notices.items()},
        )

    @property
    def now(self) -> datetime:
        """Return the time by Postgres."""
        return self.clock.now


def _hold(office: Office, held: Work) -> Row:
    row = office.work.get((held.tenant, held.company_id))
    if row is None or row.fence != held.fence:
        raise LeaseLost
    return row


async def touch(
    office: Office,
    tenant: str,
    company_id: UUID,
    correlation: UUID,
    causation: UUID | None = None,
) -> None:
    """Have a company looked at."""
    row = office.work.get((tenant, company_id))
    if row is None:
        office.works += 1
        row = Row(numbered(3, office.works), office.now, correlation, causation)
        office.work[tenant, company_id] = row
        return
    row.generation += 1
    row.due_at, row.attempts = office.now, 0
    row.correlation, row.causation = correlation, causation


async def known(office: Office, tenant: str, companies: list[UUID]) -> set[UUID]:
    """Return those about which something is to be done, or being done."""
    return {company_id for company_id in companies if (tenant, company_id) in office.work}


def is_due(office: Office) -> bool:
    """Say whether there is a company that can be taken in hand now."""
    return any(_is_free(office, row) for row in office.work.values())


def _is_free(office: Office, row: Row) -> bool:
    is_held = row.leased_until is not None and row.leased_until >= office.now
    return row.due_at <= office.now and not is_held


def lease(office: Office) -> Work | None:
    """Take a company in hand that is due and in nobody else's."""
    for (tenant, company_id), row in office.work.items():
        if _is_free(office, row):
            row.fence += 1
            row.leased_until = office.now + LEASE
            return Work(
                tenant,
                company_id,
                row.id,
                row.generation,
                row.fence,
                row.attempts,
                row.look,
                row.unexplained,
                row.after_poll is not None,
                row.report,
                row.correlation,
                row.causation,
            )
    return None


@asynccontextmanager
async def holding(office: Office, held: Work) -> AsyncIterator[tuple[Office, bool]]:
    """Open a transaction in which nobody can take the company from us."""
    row = _hold(office, held)
    yield office, row.generation != held.generation


async def order(office: Office, held: Work) -> int:
    """Note that a report is about to be bought."""
    row = _hold(office, held)
    row.ordered += 1
    return row.ordered


async def keep_report(office: Office, held: Work, report: dict[str, Any]) -> None:
    """Keep what was paid for."""
    row = _hold(office, held)
    row.report, row.ordered = report, 0


async def drop(office: Office, held: Work) -> None:
    """Be done with a company, unless it was touched meanwhile or waits for a poll."""
    row = _hold(office, held)
    is_same = row.generation == held.generation
    if is_same and row.after_poll is None:
        del office.work[held.tenant, held.company_id]
        return
    row.look, row.unexplained = row.look and not held.look, row.unexplained and not held.look
    row.report = None
    row.let_go(NEVER if is_same else office.now)


async def go_on(office: Office, held: Work) -> None:
    """Let the next step be taken at once."""
    _hold(office, held).let_go(office.now)


async def rest(office: Office, held: Work, until: datetime) -> None:
    """Leave a company alone for a while, unless it was touched meanwhile."""
    row = _hold(office, held)
    row.report = None
    row.let_go(until if row.generation == held.generation else office.now)


async def wait_for_poll(office: Office, held: Work, *, unexplained: bool) -> None:
    """Look at a company again once all that is published by now has been read."""
    row = _hold(office, held)
    row.look, row.unexplained, row.report, row.after_poll = False, unexplained, None, office.now
    row.let_go(NEVER if row.generation == held.generation else office.now)


def put_off(office: Office, held: Work, until: datetime) -> None:
    """Try again later."""
    row = office.work.get((held.tenant, held.company_id))
    if row is not None and row.fence == held.fence:
        attempts = row.attempts + 1
        row.let_go(until if row.generation == held.generation else office.now)
        row.attempts = attempts


def look_after_poll(office: Office, begun: datetime) -> None:
    """Let companies be looked at that waited for a reading begun by now."""
    for row in office.work.values():
        if row.after_poll is not None and row.after_poll < begun:
            row.look, row.after_poll, row.due_at = True, None, office.now
            row.generation += 1


async def find_listing(office: Office, tenant: str, company_id: UUID) -> Listing | None:
    """Return a company's place in a portfolio."""
    return office.listings.get((tenant, company_id))


async def put_listing(office: Office, tenant: str, company_id: UUID, listing: Listing) -> None:
    """Keep a company's place."""
    office.listings[tenant, company_id] = listing


async def remove_listing(office: Office, tenant: str, company_id: UUID) -> None:
    """Forget a company's place, and what was told of it there."""
    office.listings.pop((tenant, company_id), None)
    for noticed in office.notices.values():
        if noticed.place == (tenant, company_id):
            noticed.settled = True


async def doubt(office: Office, tenant: str, gone: Listing) -> list[UUID]:
    """Say of no company any more that it is where another one was just taken out."""
    others = []
    for (whose, company_id), listing in office.listings.items():
        if whose == tenant and (listing.portfolio, listing.reference) == (
            gone.portfolio,
            gone.reference,
        ):
            office.listings[whose, company_id] = replace(listing, state="maybe")
            others.append(company_id)
    return others


async def portfolio_of(office: Office, bureau: Bureau, tenant: str) -> str:
    """Return a tenant's portfolio at the bureau, opened now if there is none."""
    if tenant in office.portfolios:
        return office.portfolios[tenant]
    if tenant in office.opening:
        raise Unavailable("the portfolio is being opened")
    office.opening.add(tenant)
    try:
        office.portfolios[tenant] = await bureau.open_portfolio(f"kundvakt-{tenant}")
    finally:
        office.opening.discard(tenant)
    return office.portfolios[tenant]


async def forget_portfolio(office: Office, _bureau: Bureau, tenant: str) -> None:
    """Forget a portfolio that the bureau no longer has."""
    office.portfolios.pop(tenant, None)


def store(office: Office, told: Sequence[Notice]) -> list[Place]:
    """Keep what is new; return of which companies there was something new."""
    fresh = []
    tenants = {portfolio: tenant for tenant, portfolio in office.portfolios.items()}
    for notice in told:
        tenant = tenants.get(notice.portfolio, "")
        for place, listing in office.listings.items():
            if place[0] != tenant or listing.reference != notice.reference:
                continue
            if "notices known" in office.off:
                office.notices[tenant, len(office.notices) + 1000] = Noticed(place, notice)
            elif (tenant, notice.id) in office.notices:
                continue
            else:
                office.notices[tenant, notice.id] = Noticed(place, notice)
            fresh.append(place)
    return fresh


async def open_ones(office: Office, bureau: Bureau, tenant: str, company_id: UUID) -> list[Told]:
    """Return what was told of a company and is not settled."""
    return [
        Told(
            one.notice.id,
            one.notice.at,
            one.notice.fact,
            bureau.part(one.notice.fact, one.notice.old, one.notice.country),
            bureau.part(one.notice.fact, one.notice.new, one.notice.country),
        )
        for one in office.notices.values()
        if one.place == (tenant, company_id) and not one.settled
    ]


async def close(office: Office, _bureau: str, tenant: str, ids: Iterable[int]) -> None:
    """Note that these are settled."""
    done = set(ids)
    for (whose, _), noticed in office.notices.items():
        if whose == tenant and noticed.notice.id in done:
            noticed.settled = True


async def load(
    office: Office, tenant: str, company_id: UUID, *, held: bool = False
) -> tuple[Subject, Standing]:
    """Return what is known of a company."""
    del held
    place = tenant, company_id
    return office.subjects.get(place, NOBODY), office.standings.get(place, NOWHERE)


async def load_all(
    office: Office, tenant: str, companies: list[UUID]
) -> dict[UUID, tuple[Subject, Standing]]:
    """Return what is known of each of some companies."""
    return {company_id: await load(office, tenant, company_id) for company_id in companies}


NOBODY, NOWHERE = Subject(), Standing()


async def save(office: Office, tenant: str, learnt: dict[UUID, Subject]) -> None:
    """Keep what is known of companies."""
    for company_id, subject in learnt.items():
        office.subjects[tenant, company_id] = subject


async def asked(office: Office, tenant: str, company_id: UUID, standing: Standing) -> None:
    """Keep what the bureau was asked about."""
    as_of = None if "changes dated" in office.off else standing.as_of
    office.standings[tenant, company_id] = Standing(
        standing.rated_key, office.now, standing.reference, as_of
    )


async def reached(office: Office, tenant: str, company_id: UUID, as_of: datetime | None) -> None:
    """Keep up to which moment of the bureau's clock its changes are recorded."""
    before = office.standings[tenant, company_id]
    as_of = None if "changes dated" in office.off else as_of
    office.standings[tenant, company_id] = Standing(
        before.rated_key, before.rated_at, before.reference, as_of
    )


async def set_tenant(_office: Office, _tenant: str) -> None:
    """Need no setting: every key here begins with the tenant."""


async def find_in_registry(_office: Office, _country: str, number: str) -> Any:
    """Return what the registry says about a number."""
    return REGISTRY.get(number)


WORK = SimpleNamespace(
    touch=touch,
    known=known,
    holding=holding,
    order=order,
    keep_report=keep_report,
    drop=drop,
    go_on=go_on,
    rest=rest,
    wait_for_poll=wait_for_poll,
)
LISTINGS = SimpleNamespace(
    find=find_listing,
    put=put_listing,
    remove=remove_listing,
    doubt=doubt,
    portfolio_of=portfolio_of,
    forget_portfolio=forget_portfolio,
)
NOTICES = SimpleNamespace(open_ones=open_ones, close=close)
SUBJECTS = SimpleNamespace(load=load, load_all=load_all, save=save, asked=asked, reached=reached)
SILENT = SimpleNamespace(info=lambda *_, **__: None, warning=lambda *_, **__: None)
TABLES = {"work": WORK, "listings": LISTINGS, "notices": NOTICES, "subjects": SUBJECTS}


class _Present:
    """The clock of whichever world is being played."""

    clock: Clock


@contextmanager
def at(clock: Clock) -> Iterator[None]:
    """Let it be what time it is in a world."""
    before = getattr(_Present, "clock", clock)
    _Present.clock = clock
    yield
    _Present.clock = before


def _now() -> datetime:
    return _Present.clock.now


@contextmanager
def in_memory() -> Iterator[None]:
    """Let the product's steps and reactions work on tables in memory, and by the world's clock."""
    remembered_id = lru_cache(maxsize=100_000)(derived_id)
    with (
        patch.multiple(
            credit_monitor.desk,
            now=_now,
            derived_id=remembered_id,
            credits_=pure.credits_,
            **TABLES,
        ),
        patch.multiple(credit_monitor.steps, log=SILENT, **TABLES),
        patch.multiple(credit_monitor.reports, log=SILENT, work=WORK),
        patch.multiple(
            credit_monitor.reactions,
            work=WORK,
            subjects=SUBJECTS,
            set_tenant=set_tenant,
            learn=pure.learn,
        ),
        patch.multiple(
            enrichment.reactions, find=find_in_registry, registry_facts=pure.registry_facts
        ),
        patch.multiple(chassis.reaction, derived_id=remembered_id),
    ):
        yield
