"""Answers what somebody asked: a legal person's rating to all, a person's to who asked alone."""

from datetime import timedelta

import orjson
import structlog

from chassis.edge import now
from chassis.failpoints import reach
from contracts.credit_monitor import FailureCode
from contracts.values import Band, CreditRating
from credit_monitor import costs, private, subjects, work
from credit_monitor.bureaus import port
from credit_monitor.checks import KINDS
from credit_monitor.costs import CapReached
from credit_monitor.credit import OpenCheck, same
from credit_monitor.desk import Desk, Known
from credit_monitor.reports import Question, bought, sealed
from credit_monitor.subjects import Standing
from credit_monitor.wishes import AnswerCheck, CreditWish, RecordChange, RecordRating

log = structlog.get_logger()

FAILURES: dict[type[object], FailureCode] = {
    port.Unknown: "unknown-at-bureau",
    port.NotRated: "not-rated",
    port.Denied: "access-denied",
}
"""What an answer without a rating is."""


def question_of(desk: Desk, known: Known, check: OpenCheck) -> Question:
    """Return what the bureau is asked; nothing of the number is kept with what is paid."""
    own = check.number.text if check.number else None
    call = costs.Call(
        company_id=desk.work.company_id,
        bureau=desk.bureau.name,
        kind=KINDS[check.purpose],
        purpose=check.purpose or "UNSTATED",
        question=f"check {check.id}",
        asked_by=check.by,
        copied=check.copied,
        call_id=check.id,
    )
    number = known.subject.number or own or ""
    purpose = (check.purpose or "UNSTATED").lower().replace("_", "-")
    return Question(f"check {check.id}", purpose, known.subject.country, number, call)


async def answer(desk: Desk, known: Known) -> None:
    """Ask the bureau what somebody wants to know, and keep what it says."""
    check = known.credit.checks[0]
    question = question_of(desk, known, check)
    try:
        report = await bought(desk, question) if question.number else port.Unknown()
    except CapReached:
        # Only where the cap was lowered after it was asked, and what was set aside is long gone.
        report = port.Denied()
    rating = report.rating if isinstance(report, port.Rated) else None
    if rating is not None and rating.band is Band.NOT_RATED:
        rating, report = None, port.NotRated(now().replace(tzinfo=None))
    wishes = _wishes(desk, check, rating, FAILURES.get(type(report)))
    kept = None
    if check.copied and rating is not None:
        kept = await sealed(desk, orjson.loads(rating.model_dump_json()))
    async with work.holding(desk.pool, desk.work) as (connection, _):
        if kept is not None:
            days = timedelta(days=known.policy.report_days)
            await private.keep(connection, desk.work, check, kept, now() + days)
        elif isinstance(report, port.Rated) and rating is not None:
            wishes += _taken_over(desk, known, report, rating)
            if check.correction:
                await subjects.reached(
                    connection, desk.work.tenant, desk.work.company_id, report.as_of
                )
        if isinstance(report, port.Rated) and known.subject.number and not known.credit.rating:
            standing = Standing(known.subject.key, None, report.rating.reference, report.as_of)
            await subjects.asked(connection, desk.work.tenant, desk.work.company_id, standing)
        await work.look_again(connection, desk.work, look=_is_news(known, rating))
        await desk.record(connection, wishes)
    reach("credit-monitor.check-answered")
    log.info("credit check answered", company=str(desk.work.company_id), check=str(check.id))


def _wishes(
    desk: Desk, check: OpenCheck, rating: CreditRating | None, failure: FailureCode | None
) -> list[CreditWish]:
    is_sent = check.copied and rating is not None
    wish = desk.wish(
        AnswerCheck,
        str(check.id),
        check_id=check.id,
        purpose=check.purpose,
        asked_by=check.by,
        bureau=desk.bureau.name,
        rating=None if check.copied else rating,
        failure=failure if rating is None else None,
        shown="ASKER_ONLY" if check.copied else "VALUES",
        copy_reference=f"copy {check.id}" if is_sent else None,
        copy_sent_on=now().date() if is_sent else None,
    )
    return [wish]


def _taken_over(
    desk: Desk, known: Known, report: port.Rated, rating: CreditRating
) -> list[CreditWish]:
    """Return what a rating means for a company that is not watched; a watch finds out by itself."""
    if known.credit.checks[0].correction and known.credit.rating:
        key = f"correction {known.credit.checks[0].id}"
        return [desk.wish(RecordChange, key, rating=rating, cause="CORRECTION")]
    if known.credit.watched or known.told:
        return []
    wish = desk.wish(RecordRating, str(report.as_of), rating=rating, purpose="credit-check")
    return [wish]


def _is_news(known: Known, rating: CreditRating | None) -> bool:
    """Say whether the watch has something to look into: the report says more than it knows."""
    before = known.credit.rating
    if known.credit.checks[0].correction:
        return False
    return bool(known.credit.watched and before and rating and not same(before, rating))
