"""Answers what somebody asked: a legal person's rating to all, a person's to who asked alone."""

from datetime import timedelta

import orjson
import structlog

from chassis.edge import now
from chassis.failpoints import reach
from chassis.tenancy import Connection
from contracts.credit_monitor import FailureCode
from contracts.values import Band
from credit_monitor import costs, work
from credit_monitor.asking.checks import KINDS
from credit_monitor.bureaus import port
from credit_monitor.costs import CapReached
from credit_monitor.credit.state import OpenCheck, same
from credit_monitor.credit.wishes import AnswerCheck, CreditWish, RecordChange, RecordRating
from credit_monitor.facts import subjects
from credit_monitor.facts.subjects import Standing
from credit_monitor.working import private
from credit_monitor.working.desk import Desk, Known
from credit_monitor.working.reports import Question, bought, sealed

log = structlog.get_logger()

CAP_SECONDS = 3600.0
"""When the cap is looked at again; a changed policy has it looked at at once."""
SWEDISH_DIGITS = 10
"""Of every Swedish number, a person's without its century; nobody else has personal ones here."""
FAILURES: dict[type[object], FailureCode] = {
    port.Unknown: "unknown-at-bureau",
    port.NotRated: "not-rated",
    port.Denied: "access-denied",
}
"""What an answer without a rating is."""


def question_of(desk: Desk, known: Known, check: OpenCheck) -> Question:
    """Return what the bureau is asked; nothing of the number is kept with what is paid."""
    own = _without_century(check.number.text if check.number else None)
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


def _without_century(number: str | None) -> str | None:
    """Return a person's number as registers of firms and bureaus know it: ten digits of twelve."""
    return number and number[-SWEDISH_DIGITS:]


async def answer(desk: Desk, known: Known) -> None:
    """Ask the bureau what somebody wants to know, and keep what it says."""
    check = known.credit.checks[0]
    report = await _asked(desk, question_of(desk, known, check))
    rated = report if isinstance(report, port.Rated) else None
    if rated is not None and rated.rating.band is Band.NOT_RATED:
        report, rated = port.NotRated(rated.as_of), None
    wishes = _wishes(desk, check, rated, FAILURES.get(type(report)))
    kept = None
    if check.copied and rated is not None:
        kept = await sealed(desk, orjson.loads(rated.rating.model_dump_json()))
    async with work.holding(desk.pool, desk.work) as (connection, _):
        if rated is not None:
            await _stand(connection, desk, known, rated)
        if kept is not None:
            days = timedelta(days=known.policy.report_days)
            await private.keep(connection, desk.work, check, kept, now() + days)
        elif rated is not None:
            wishes += _taken_over(desk, known, rated)
        await work.look_again(connection, desk.work, look=_is_news(known, rated))
        await desk.record(connection, wishes)
    reach("credit-monitor.check-answered")
    log.info("credit check answered", company=str(desk.work.company_id), check=str(check.id))


async def _asked(desk: Desk, question: Question) -> port.Report:
    """Ask the bureau; without a number there is nobody to ask about."""
    if not question.number:
        return port.Unknown()
    try:
        return await bought(desk, question)
    except CapReached as reached:
        # What was set aside is long gone: the bureau was away for longer than its free period.
        why = "the month's cap is reached"
        raise port.Unavailable(why, retry_after=CAP_SECONDS) from reached


async def _stand(connection: Connection, desk: Desk, known: Known, rated: port.Rated) -> None:
    """Keep how far we are with the bureau, where a watch does not see to that by itself."""
    tenant, company_id = desk.work.tenant, desk.work.company_id
    if known.credit.checks[0].correction:
        await subjects.reached(connection, tenant, company_id, rated.as_of)
    elif not known.credit.watched:
        reference = rated.rating.reference
        if known.subject.personal:
            reference = await desk.account.hidden(reference)
        standing = Standing(known.subject.key, None, reference, rated.as_of)
        await subjects.asked(connection, tenant, company_id, standing)


def _wishes(
    desk: Desk, check: OpenCheck, rated: port.Rated | None, failure: FailureCode | None
) -> list[CreditWish]:
    """Answer; the copy goes out with the order, and is known by what the bureau calls that."""
    is_sent = check.copied and rated is not None
    wish = desk.wish(
        AnswerCheck,
        str(check.id),
        check_id=check.id,
        purpose=check.purpose,
        asked_by=check.by,
        bureau=desk.bureau.name,
        rating=None if check.copied or rated is None else rated.rating,
        failure=failure if rated is None else None,
        shown="ASKER_ONLY" if check.copied else "VALUES",
        copy_reference=((rated.order if rated else None) or str(check.id)) if is_sent else None,
        copy_sent_on=rated.as_of.date() if rated is not None and is_sent else None,
    )
    return [wish]


def _taken_over(desk: Desk, known: Known, rated: port.Rated) -> list[CreditWish]:
    """Return what a rating means for a company that is not watched; a watch finds out by itself."""
    if known.credit.checks[0].correction and known.credit.rating:
        key = f"correction {known.credit.checks[0].id}"
        return [desk.wish(RecordChange, key, rating=rated.rating, cause="CORRECTION")]
    if known.credit.watched or known.told:
        return []
    wish = desk.wish(RecordRating, str(rated.as_of), rating=rated.rating, purpose="credit-check")
    return [wish]


def _is_news(known: Known, rated: port.Rated | None) -> bool:
    """Say whether the watch has something to look into: the report says more than it knows."""
    before = known.credit.rating
    if known.credit.checks[0].correction:
        return False
    return bool(known.credit.watched and before and rated and not same(before, rated.rating))
