"""The steps with a company's credit: each may be interrupted anywhere and taken again.

Every step asks the bureau first and then, in one transaction that only the holder of the lease
can commit, keeps what followed: the events, how far we are, and what is to be done next.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from chassis.failpoints import reach
from contracts.values import Band, CreditRating
from credit_monitor import listings, notices, subjects, work
from credit_monitor.bureaus.port import Denied, NotRated, Rated, Report, Unavailable, Unknown
from credit_monitor.changes import Settled, agrees, changes_of, settle
from credit_monitor.desk import RECHECK, Desk, Known
from credit_monitor.listings import Listing
from credit_monitor.model import (
    CreditWish,
    ExcludeFromWatch,
    FailureCode,
    RecordChange,
    RecordFailure,
    RecordRating,
    StartWatch,
    StopWatch,
)
from credit_monitor.policy import Step, next_step
from credit_monitor.reports import Purpose, bought
from credit_monitor.subjects import Standing

log = structlog.get_logger()

LOST_SECONDS = 3600.0
"""A watched company the bureau has lost is a matter for people; asking more often helps nobody."""
FAILURES: dict[type[object], tuple[FailureCode, str]] = {
    Unknown: ("unknown-at-bureau", "The bureau does not know this number."),
    NotRated: ("not-rated", "The bureau does not rate this company."),
    Denied: ("access-denied", "The bureau may not tell us about this company."),
}


async def take(desk: Desk) -> Step:
    """Take the next step with a company; returns which one it was."""
    known = await desk.look()
    step, cause = next_step(known.subject, known.credit, known.dealings)
    if step is Step.STOP:
        await _say(desk, desk.wish(StopWatch, cause=cause))
        log.info("credit watch ended", company=str(desk.work.company_id), cause=cause)
    elif step is Step.EXCLUDE:
        await _say(desk, desk.wish(ExcludeFromWatch, cause=cause))
        log.info("not to be watched", company=str(desk.work.company_id), cause=cause)
    else:
        await STEPS[step](desk, known)
    return step


async def _say(desk: Desk, wish: CreditWish) -> None:
    """Keep what was decided without asking anybody, unless it may no longer be so."""
    async with work.holding(desk.pool, desk.work) as (connection, touched):
        await work.go_on(connection, desk.work)
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


async def rate(desk: Desk, known: Known) -> None:
    """Ask the bureau for a first rating; that it came starts the watch."""
    country, number = known.subject.country, known.subject.number
    assert number  # noqa: S101 - the policy lets only numbers through
    report = await bought(desk, known.subject, Purpose.FIRST)
    wish: CreditWish
    if isinstance(report, Rated) and report.rating.band is not Band.NOT_RATED:
        standing = Standing(known.subject.key, None, report.rating.reference, report.as_of)
        wish = desk.wish(RecordRating, rating=report.rating, purpose="credit-watch")
    else:
        code, message = FAILURES.get(type(report), FAILURES[NotRated])
        standing = Standing(known.subject.key)
        wish = desk.wish(RecordFailure, bureau=desk.bureau.name, code=code, message=message)
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
    assert rating  # noqa: S101 - the policy watches only what is rated
    tenant, company_id = desk.work.tenant, desk.work.company_id
    portfolio = await listings.portfolio_of(desk.pool, desk.bureau, tenant)
    reach("credit-monitor.portfolio-opened")
    maybe = Listing(portfolio, rating.reference, "maybe")
    async with work.holding(desk.pool, desk.work) as (connection, _):
        await listings.put(connection, tenant, company_id, maybe)
    reach("credit-monitor.listing-intended")
    ours = f"{tenant}:{company_id}"
    if not await desk.bureau.watch(portfolio, rating.reference, ours):
        await listings.forget_portfolio(desk.pool, desk.bureau, tenant)
        raise Unavailable("no such portfolio or company")
    reach("credit-monitor.portfolio-added")
    async with work.holding(desk.pool, desk.work) as (connection, touched):
        is_there = Listing(portfolio, rating.reference, "yes")
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


async def settle_changes(desk: Desk, known: Known) -> None:
    """Turn what the bureau told, and what it did not tell, into changes of the rating."""
    rating, listing = known.credit.rating, known.listing
    assert rating  # noqa: S101 - the policy settles only what is watched
    assert listing  # noqa: S101 - the same
    patient = not (desk.work.look and desk.work.unexplained)
    if not known.told:
        entry = await desk.bureau.entry(listing.portfolio, listing.reference)
        if entry is None:
            await _listed_no_more(desk, listing)
            return
        fits = agrees(rating, entry.told)
        if fits or patient:
            # What is not told may still be, and a report costs money: look again first.
            seen = Settled((), known.standing.as_of, look_again=not fits)
            await _settled(desk, known, seen)
            return
    report = await bought(desk, known.subject, Purpose.CHANGE, listing.reference)
    settled = settle(
        rating,
        known.standing.as_of,
        changes_of(known.told),
        _now_rated(report, rating),
        patient=patient,
    )
    await _settled(desk, known, settled)


def _now_rated(report: Report, rating: CreditRating) -> tuple[CreditRating, datetime]:
    """Return how a watched company is rated; no longer being rated is a change too."""
    if isinstance(report, Rated):
        return report.rating, report.as_of
    if isinstance(report, NotRated):
        gone = {"band": Band.NOT_RATED, "grade": None, "score": None, "limit": None, "text": None}
        return rating.model_copy(update=gone), report.as_of
    why = f"a watched company is {type(report).__name__} at the bureau"
    raise Unavailable(why, retry_after=LOST_SECONDS)


async def _settled(desk: Desk, known: Known, settled: Settled) -> None:
    """Keep what was found, all of it or nothing."""
    reach("credit-monitor.compared")
    tenant, company_id = desk.work.tenant, desk.work.company_id
    done = {told.id for told in known.told} - settled.held
    wishes = [
        desk.wish(RecordChange, desk.bureau.name, found.key, rating=found.rating)
        for found in settled.found
    ]
    async with work.holding(desk.pool, desk.work) as (connection, _):
        await notices.close(connection, desk.bureau.name, tenant, done)
        await subjects.reached(connection, tenant, company_id, settled.as_of)
        if settled.look_again:
            await work.wait_for_poll(connection, desk.work, unexplained=True)
        else:
            await work.drop(connection, desk.work)
        await desk.record(connection, wishes)
    reach("credit-monitor.changes-appended")
    for found in settled.found:
        log.info(
            "rating changed",
            company=str(company_id),
            band=found.rating.band,
            score=found.rating.score,
        )


async def _listed_no_more(desk: Desk, listing: Listing) -> None:
    """Put a company back that somebody took out of the portfolio."""
    log.warning("missing in its portfolio, put back", company=str(desk.work.company_id))
    async with work.holding(desk.pool, desk.work) as (connection, _):
        maybe = Listing(listing.portfolio, listing.reference, "maybe")
        await listings.put(connection, desk.work.tenant, desk.work.company_id, maybe)
        await work.go_on(connection, desk.work)


STEPS: dict[Step, Callable[[Desk, Known], Awaitable[None]]] = {
    Step.NOTHING: nothing,
    Step.REST: rest,
    Step.RATE: rate,
    Step.WATCH: watch,
    Step.UNLIST: unlist,
    Step.SETTLE: settle_changes,
}
