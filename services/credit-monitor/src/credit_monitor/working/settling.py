"""Settles what the bureau told of a company under watch, and what it did not tell."""

from datetime import UTC, datetime

import structlog

from chassis.edge import now
from chassis.failpoints import reach
from contracts.values import Band, CreditRating
from credit_monitor import work
from credit_monitor.bureaus.port import NotRated, Rated, Report, Unavailable
from credit_monitor.costs import CapReached
from credit_monitor.credit.changes import (
    Part,
    agrees,
    changes_of,
    is_as_seen,
    looked_at,
    put,
    sides,
    since_when,
)
from credit_monitor.credit.settlement import Settled, settle
from credit_monitor.credit.wishes import NoteChange, RecordChange
from credit_monitor.facts import subjects
from credit_monitor.watching import listings, notices
from credit_monitor.watching.listings import Listing
from credit_monitor.working.desk import Desk, Known
from credit_monitor.working.reports import Purpose, bought, of_watch

log = structlog.get_logger()

LOST_SECONDS = 3600.0
"""A watched company the bureau has lost is a matter for people; asking more often helps nobody."""


async def settle_changes(desk: Desk, known: Known) -> None:
    """Turn what the bureau told, and what it did not tell, into changes of the rating."""
    rating, listing = known.credit.rating, known.listing
    assert rating  # noqa: S101 - the policy settles only what is watched
    assert listing  # noqa: S101 - the same
    # Where all that was told is that there is something, nothing more is to be waited for.
    is_hint = bool(known.told) and all(one.fact == "other" for one in known.told)
    was_seen = desk.work.seen if desk.work.look and desk.work.unexplained else None
    if not known.told:
        entry = await desk.bureau.entry(listing.portfolio, listing.reference)
        if entry is None:
            await _listed_no_more(desk, listing)
            return
        fits = agrees(rating, entry.told)
        if fits or not is_as_seen(was_seen, entry.told):
            # What is not told may still be, and a report costs money: look again first.
            seen = Settled((), known.standing.as_of, look_again=not fits)
            await _settled(desk, known, seen, entry.told, entry.as_of)
            return
    question = of_watch(desk, known.subject, Purpose.CHANGE, listing.reference)
    try:
        report = _now_rated(await bought(desk, question), rating)
    except CapReached:
        report = await _seen_for_nothing(desk, known, listing)
    now_rated = sides(report[0])
    # Where it changed again meanwhile, that too may still be told.
    ids = [told.id for told in known.told]
    is_still_so = was_seen is not None and is_as_seen(was_seen, now_rated, ids)
    if was_seen and is_still_so:
        # What has happened since it was first seen so may yet be told, and is news.
        report = report[0], since_when(was_seen, report[1])
    patient = not is_hint and not is_still_so
    settled = settle(rating, known.standing.as_of, changes_of(known.told), report, patient=patient)
    await _settled(desk, known, settled, now_rated, report[1])


def _now_rated(report: Report, rating: CreditRating) -> tuple[CreditRating, datetime]:
    """Return how a watched company is rated; no longer being rated is a change too."""
    if isinstance(report, Rated):
        return report.rating, report.as_of
    if isinstance(report, NotRated):
        gone = {"band": Band.NOT_RATED, "grade": None, "score": None, "limit": None, "text": None}
        return rating.model_copy(update=gone), report.as_of
    why = f"a watched company is {type(report).__name__} at the bureau"
    raise Unavailable(why, retry_after=LOST_SECONDS)


async def _settled(
    desk: Desk, known: Known, settled: Settled, now_rated: Part, at: datetime | None
) -> None:
    """Keep what was found, all of it or nothing, and how the bureau rates the company now."""
    reach("credit-monitor.compared")
    tenant, company_id = desk.work.tenant, desk.work.company_id
    done = {told.id for told in known.told} - settled.held
    wishes = [
        desk.wish(RecordChange, desk.bureau.name, found.key, rating=found.rating)
        for found in settled.found
    ]
    async with work.holding(desk.pool, desk.work) as (connection, _):
        await notices.close(connection, desk.account.key, tenant, done)
        await subjects.reached(connection, tenant, company_id, settled.as_of)
        if settled.look_again:
            seen = looked_at(now_rated, at, settled.held)
            await work.wait_for_poll(connection, desk.work, unexplained=True, seen=seen)
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
        maybe = Listing(listing.portfolio, listing.reference, "maybe", listing.account)
        await listings.put(connection, desk.work.tenant, desk.work.company_id, maybe)
        await work.go_on(connection, desk.work)


async def _seen_for_nothing(
    desk: Desk, known: Known, listing: Listing
) -> tuple[CreditRating, datetime]:
    """Return how a company is rated by its place in the portfolio, which costs nothing.

    A watch goes on when the month's cap is reached: what it tells lacks only the wording.
    """
    rating = known.credit.rating
    assert rating  # noqa: S101 - the policy settles only what is watched
    entry = await desk.bureau.entry(listing.portfolio, listing.reference)
    if entry is None:
        raise Unavailable("a watched company is not in its portfolio", retry_after=LOST_SECONDS)
    told = [one.at for one in known.told]
    at = max(told, default=known.standing.as_of or now().astimezone(UTC).replace(tzinfo=None))
    return put(rating, entry.told, at), at


async def note_change(desk: Desk, known: Known) -> None:
    """Tell that something changed, of whom nothing more may be said; no report is bought."""
    wishes = [
        desk.wish(NoteChange, desk.bureau.name, str(told.id), bureau=desk.bureau.name)
        for told in sorted(known.told, key=lambda told: (told.at, told.id))[-1:]
    ]
    async with work.holding(desk.pool, desk.work) as (connection, _):
        done = {told.id for told in known.told}
        await notices.close(connection, desk.account.key, desk.work.tenant, done)
        await work.drop(connection, desk.work)
        await desk.record(connection, wishes)
    reach("credit-monitor.change-noted")
