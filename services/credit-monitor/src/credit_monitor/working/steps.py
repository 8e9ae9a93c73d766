"""The steps with a company's credit: each may be interrupted anywhere and taken again.

Every step asks the bureau first and then, in one transaction that only the holder of the lease
can commit, keeps what followed: the events, how far we are, and what is to be done next.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import structlog

from chassis.edge import now
from chassis.failpoints import reach
from contracts.credit_monitor import FailureCode
from contracts.values import Band
from credit_monitor import work
from credit_monitor.bureaus.port import Rated, Unavailable
from credit_monitor.costs import CapReached
from credit_monitor.credit.state import ExclusionCause
from credit_monitor.credit.wishes import (
    CreditWish,
    ExcludeFromWatch,
    RecordFailure,
    RecordRating,
    StartWatch,
    StopWatch,
)
from credit_monitor.facts import subjects
from credit_monitor.facts.subjects import Standing
from credit_monitor.months import next_month
from credit_monitor.policy.next_step import Step, next_step
from credit_monitor.watching import listings
from credit_monitor.watching.listings import Listing
from credit_monitor.working.answering import FAILURES, answer
from credit_monitor.working.desk import RECHECK, Desk, Known
from credit_monitor.working.leavings import leave
from credit_monitor.working.reports import Purpose, bought, of_watch
from credit_monitor.working.settling import note_change, settle_changes

log = structlog.get_logger()

WORDS: dict[FailureCode, str] = {
    "unknown-at-bureau": "The bureau does not know this number.",
    "not-rated": "The bureau does not rate this company.",
    "access-denied": "The bureau may not tell us about this company.",
}


async def take(desk: Desk) -> Step:
    """Take the next step with a company; returns which one it was."""
    known = await desk.look()
    step, cause = next_step(known.subject, known.credit, known.dealings, known.policy)
    if step is Step.LEAVE:
        await leave(desk, known, cause)
    elif step is Step.STOP:
        await _say(desk, desk.wish(StopWatch, cause=cause))
        log.info("credit watch ended", company=str(desk.work.company_id), cause=cause)
    elif step is Step.EXCLUDE:
        left_out = replace(known.credit, excluded=cast(ExclusionCause, cause), watched=False)
        then, _ = next_step(known.subject, left_out, known.dealings, known.policy)
        wish = desk.wish(ExcludeFromWatch, cause=cause)
        await _say(desk, wish, is_last=then is Step.NOTHING)
        log.info("not to be watched", company=str(desk.work.company_id), cause=cause)
    else:
        await STEPS[step](desk, known)
    return step


async def _say(desk: Desk, wish: CreditWish, *, is_last: bool = False) -> None:
    """Keep what was decided without asking anybody, unless it may no longer be so."""
    async with work.holding(desk.pool, desk.work) as (connection, touched):
        await (work.drop if is_last else work.go_on)(connection, desk.work)
        if not touched:
            await desk.record(connection, [wish])
    reach("credit-monitor.said")


async def nothing(desk: Desk, _: Known) -> None:
    """Be done with a company."""
    async with work.holding(desk.pool, desk.work) as (connection, _touched):
        await work.drop(connection, desk.work)
    reach("credit-monitor.work-done")


async def rest(desk: Desk, known: Known) -> None:
    """Leave a company alone that the bureau would not rate, for some time."""
    assert known.standing.rated_at  # noqa: S101 - the policy rests only after an answer
    async with work.holding(desk.pool, desk.work) as (connection, _):
        await work.rest(connection, desk.work, known.standing.rated_at + RECHECK)


async def save(desk: Desk, known: Known) -> None:
    """Leave a company alone until the month turns by the tenant's clock."""
    until = next_month(now(), known.policy.time_zone)
    async with work.holding(desk.pool, desk.work) as (connection, _):
        await work.rest(connection, desk.work, until)


async def rate(desk: Desk, known: Known) -> None:
    """Ask the bureau for a first rating; that it came starts the watch."""
    country, number = known.subject.country, known.subject.number
    assert number  # noqa: S101 - the policy lets only numbers through
    try:
        report = await bought(desk, of_watch(desk, known.subject, Purpose.FIRST))
    except CapReached:
        # Others spent what was left since we looked.
        await _say(desk, desk.wish(ExcludeFromWatch, cause="COST_CAP"))
        return
    wish: CreditWish
    if isinstance(report, Rated) and report.rating.band is not Band.NOT_RATED:
        standing = Standing(known.subject.key, None, report.rating.reference, report.as_of)
        wish = desk.wish(RecordRating, rating=report.rating, purpose="credit-watch")
    else:
        code = FAILURES.get(type(report), "not-rated")
        standing = Standing(known.subject.key)
        wish = desk.wish(RecordFailure, bureau=desk.bureau.name, code=code, message=WORDS[code])
    async with work.holding(desk.pool, desk.work) as (connection, touched):
        if touched:
            # The report is kept; whether it is still wanted is decided anew.
            await work.go_on(connection, desk.work)
            return
        await subjects.asked(connection, desk.work.tenant, desk.work.company_id, standing)
        if isinstance(wish, RecordRating):
            await work.drop(connection, desk.work)
        else:
            await work.go_on(connection, desk.work)
        await desk.record(connection, [wish])
    reach("credit-monitor.appended")
    log.info(
        "company rated" if isinstance(wish, RecordRating) else "company not rated",
        company=str(desk.work.company_id),
        number=f"{country} {number}",
        outcome=report.rating.band if isinstance(report, Rated) else type(report).__name__,
    )


async def watch(desk: Desk, known: Known) -> None:
    """Put a rated company into its tenant's portfolio."""
    rating = known.credit.rating
    reference = rating.reference if rating else known.standing.reference
    assert reference  # noqa: S101 - the policy watches only what the bureau was asked about
    tenant, company_id = desk.work.tenant, desk.work.company_id
    portfolio = await listings.portfolio_of(desk.pool, desk.account, tenant)
    reach("credit-monitor.portfolio-opened")
    maybe = Listing(portfolio, reference, "maybe", desk.account.key)
    async with work.holding(desk.pool, desk.work) as (connection, _):
        await listings.put(connection, tenant, company_id, maybe)
    reach("credit-monitor.listing-intended")
    ours = f"{tenant}:{company_id}"
    if not await desk.bureau.watch(portfolio, reference, ours):
        await listings.forget_portfolio(desk.pool, desk.account, tenant)
        raise Unavailable("no such portfolio or company")
    reach("credit-monitor.portfolio-added")
    async with work.holding(desk.pool, desk.work) as (connection, touched):
        is_there = Listing(portfolio, reference, "yes", desk.account.key)
        await listings.put(connection, tenant, company_id, is_there)
        # Between the report and now its rating may have changed without a notification.
        await work.wait_for_poll(connection, desk.work, unexplained=False)
        if not touched:
            await desk.record(connection, [desk.wish(StartWatch, bureau=desk.bureau.name)])
    reach("credit-monitor.watch-started")
    log.info("credit watch begun", company=str(company_id))


async def unlist(desk: Desk, known: Known) -> None:
    """Take a company out of its portfolio."""
    listing, held = known.listing, desk.work
    assert listing  # noqa: S101 - the policy unlists only what is listed
    await desk.bureau.unwatch(listing.portfolio, listing.reference)
    reach("credit-monitor.portfolio-removed")
    async with work.holding(desk.pool, held) as (connection, _):
        await listings.remove(connection, held.tenant, held.company_id)
        for other in await listings.doubt(connection, held.tenant, listing):
            await work.touch(connection, held.tenant, other, held.correlation, held.causation)
        await work.go_on(connection, held)


STEPS: dict[Step, Callable[[Desk, Known], Awaitable[None]]] = {
    Step.NOTHING: nothing,
    Step.REST: rest,
    Step.SAVE: save,
    Step.ANSWER: answer,
    Step.RATE: rate,
    Step.WATCH: watch,
    Step.UNLIST: unlist,
    Step.SETTLE: settle_changes,
    Step.NOTE: note_change,
}
