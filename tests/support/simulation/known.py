"""What the credit monitor knows of companies: places in portfolios, notifications, subjects.

The tables are in memory; the functions have the names that the product knows them by.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from types import SimpleNamespace
from uuid import UUID

from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import Notice, Unavailable
from credit_monitor.credit.changes import Told
from credit_monitor.facts.subject import Subject
from credit_monitor.facts.subjects import Standing
from credit_monitor.watching.listings import Listing
from support.simulation.office import Noticed, Office, Place

PRUNED_AT_ONCE = 50_000
"""Those that were kept first: about as many as are told of in some hours."""


async def find_listing(office: Office, tenant: str, company_id: UUID) -> Listing | None:
    """Return a company's place in a portfolio."""
    return office.listings.get((tenant, company_id))


async def put_listing(office: Office, tenant: str, company_id: UUID, listing: Listing) -> None:
    """Keep a company's place."""
    office.enlist((tenant, company_id), listing)


async def remove_listing(office: Office, tenant: str, company_id: UUID) -> None:
    """Forget a company's place, and what was told of it there."""
    office.enlist((tenant, company_id), None)
    for key in list(office.unsettled.get((tenant, company_id), ())):
        office.settle(key)


async def doubt(office: Office, tenant: str, gone: Listing) -> list[UUID]:
    """Say of no company any more that it is where another one was just taken out."""
    others = []
    for place in list(office.named.get((tenant, gone.reference), ())):
        listing = office.listings[place]
        if listing.portfolio == gone.portfolio:
            office.enlist(place, replace(listing, state="maybe"))
            others.append(place[1])
    return others


async def portfolio_of(office: Office, account: Account, tenant: str) -> str:
    """Return a tenant's portfolio at an account, opened now if there is none."""
    if tenant in office.portfolios:
        return office.portfolios[tenant]
    if tenant in office.opening:
        raise Unavailable("the portfolio is being opened")
    office.opening.add(tenant)
    try:
        office.portfolios[tenant] = await account.bureau.open_portfolio(f"kundvakt-{tenant}")
    finally:
        office.opening.discard(tenant)
    return office.portfolios[tenant]


async def forget_portfolio(office: Office, _account: Account, tenant: str) -> None:
    """Forget a portfolio that the bureau no longer has."""
    office.portfolios.pop(tenant, None)


def store(office: Office, told: Sequence[Notice]) -> list[Place]:
    """Keep what is new; return of which companies there was something new."""
    fresh = []
    tenants = {portfolio: tenant for tenant, portfolio in office.portfolios.items()}
    again = "notices known" in office.off
    for notice in told:
        tenant = tenants.get(notice.portfolio, "")
        if (tenant, notice.id) in office.notices and not again:
            continue
        for place in office.named.get((tenant, notice.reference), ()):
            if office.listings[place].portfolio != notice.portfolio:
                continue
            key = (tenant, len(office.notices) + 1_000_000_000 if again else notice.id)
            if key not in office.notices:
                office.note(key, Noticed(place, notice))
                fresh.append(place)
    return fresh


def prune(office: Office, since: datetime) -> None:
    """Forget what is settled and was published before the deepest reading began."""
    if "notices known" not in office.off:
        old = [
            key
            for key, one in islice(office.notices.items(), PRUNED_AT_ONCE)
            if one.settled and one.notice.published < since
        ]
        for key in old:
            del office.notices[key]


async def open_ones(office: Office, account: Account, tenant: str, company_id: UUID) -> list[Told]:
    """Return what was told of a company and is not settled."""
    bureau = account.bureau
    return [
        Told(
            one.notice.id,
            one.notice.at,
            one.notice.fact,
            bureau.part(one.notice.fact, one.notice.old, one.notice.country),
            bureau.part(one.notice.fact, one.notice.new, one.notice.country),
        )
        for one in office.unsettled.get((tenant, company_id), {}).values()
    ]


async def close(office: Office, _account: str, tenant: str, ids: Iterable[int]) -> None:
    """Note that these are settled."""
    done = set(ids)
    if "notices known" in office.off:
        kept = [key for key, one in office.notices.items() if one.notice.id in done]
        done = {number for whose, number in kept if whose == tenant}
    for number in done:
        if (tenant, number) in office.notices:
            office.settle((tenant, number))


async def load(
    office: Office, tenant: str, company_id: UUID, *, held: bool = False
) -> tuple[Subject, Standing]:
    """Return what is known of a company."""
    del held
    place = tenant, company_id
    return office.subjects.get(place, NOBODY), office.standings.get(place, NOWHERE)


NOBODY, NOWHERE = Subject(), Standing()


async def load_all(
    office: Office, tenant: str, companies: list[UUID]
) -> dict[UUID, tuple[Subject, Standing]]:
    """Return what is known of each of some companies."""
    return {company_id: await load(office, tenant, company_id) for company_id in companies}


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
