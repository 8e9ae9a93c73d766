"""Reports cost money: each is noted before it is ordered and kept until it is made use of.

Noting one and counting what the month has left is one transaction, which only one at a time has
for a tenant. A report about a person is kept sealed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
import structlog

from chassis.failpoints import reach
from chassis.streams import Stream
from chassis.tenancy import tenant_transaction
from contracts.values import CreditRating
from credit_monitor import costs, work
from credit_monitor.bureaus import port
from credit_monitor.costs import Call
from credit_monitor.credit.wishes import CreditWish
from credit_monitor.facts.subject import Subject
from credit_monitor.policy import policies
from credit_monitor.working.desk import Desk

log = structlog.get_logger()

WATCHING = "system:credit-watch"


class Purpose(StrEnum):
    """What a report is bought for; the bureau keeps it with the order."""

    FIRST = "first-rating"
    CHANGE = "rating-change"


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is bought for, and what it is known by while it is in hand."""

    key: str
    purpose: str
    country: str
    number: str
    call: Call
    reference: str | None = None

    @property
    def is_sealed(self) -> bool:
        """Say whether the answer is a person's."""
        return self.call.copied


def of_watch(
    desk: Desk, subject: Subject, purpose: Purpose, reference: str | None = None
) -> Question:
    """Return what the watch asks by itself."""
    key = f"{desk.bureau.name} {purpose} {subject.key}"
    call = Call(
        company_id=desk.work.company_id,
        bureau=desk.bureau.name,
        kind="existing-credit",
        purpose=purpose,
        question=key,
        asked_by=WATCHING,
    )
    if purpose is Purpose.CHANGE:
        # What a change needs is newer than whatever was told since.
        key = f"{key} {desk.work.generation}"
    return Question(key, purpose, subject.country, subject.number or "", call, reference)


async def bought(desk: Desk, question: Question) -> port.Report:
    """Return a report: the one in hand if it was bought for this very thing, else a new one.

    Raises `CapReached` before anything is asked.
    """
    held = desk.work
    if held.report and held.report["key"] == question.key:
        return await _unpacked(desk, held.report)
    reference = question.reference or await desk.bureau.find(question.country, question.number)
    reach("credit-monitor.searched")
    if reference is None:
        await _released(desk, question)
        return port.Unknown()
    call_id = await _ordered(desk, question)
    reach("credit-monitor.ordered")
    ours = (held.tenant, held.company_id)
    subject = port.Subject(question.country, question.number, reference, ours)
    report = await desk.bureau.report(subject, question.purpose)
    reach("credit-monitor.report-fetched")
    packed = await _packed(desk, question, report)
    async with work.holding(desk.pool, held) as (connection, _):
        is_charged = isinstance(report, port.Rated | port.NotRated)
        await costs.answered(connection, held.tenant, call_id, charged=is_charged)
        await work.keep_report(connection, held, {"key": question.key, **packed})
    reach("credit-monitor.report-kept")
    return report


async def _ordered(desk: Desk, question: Question) -> Any:
    """Note that the bureau is about to be asked, while nobody else spends the tenant's money."""
    held = desk.work
    free = timedelta(hours=desk.free_hours)
    async with tenant_transaction(desk.pool, held.tenant) as connection:
        await costs.hold_purse(connection, held.tenant)
        await work.hold(connection, held)
        policy = await policies.load(connection, held.tenant)
        call_id, attempts = await costs.begin(connection, held.tenant, policy, question.call, free)
    if attempts > 1:
        log.warning("report ordered again after an interruption", times=attempts)
    return call_id


async def _released(desk: Desk, question: Question) -> None:
    """Take back what was set aside for a company that the bureau has not got."""
    held = desk.work
    async with work.holding(desk.pool, held) as (connection, _):
        await costs.release(connection, held.tenant, held.company_id, question.call.question)


def _home(desk: Desk) -> Stream:
    return Stream(desk.work.tenant, CreditWish.aggregate, desk.work.company_id)


async def _packed(desk: Desk, question: Question, report: port.Report) -> dict[str, Any]:
    packed: dict[str, Any] = {"kind": type(report).__name__}
    if isinstance(report, port.Rated):
        packed["rating"] = report.rating.model_dump(mode="json")
        packed["order"] = report.order
    if isinstance(report, port.Rated | port.NotRated):
        packed["as_of"] = report.as_of.isoformat()
    if not question.is_sealed:
        return packed
    return {"private": await sealed(desk, packed)}


async def sealed(desk: Desk, packed: dict[str, Any]) -> dict[str, Any]:
    """Return something about a person that nobody reads without the company's own key."""
    text = orjson.dumps(packed).decode()
    private = {"kind": "sealed", "subject": str(desk.work.company_id), "text": text}
    return await desk.streams.sealed(_home(desk), {"report": private})


async def _unpacked(desk: Desk, kept: dict[str, Any]) -> port.Report:
    if "private" not in kept:
        return _report(kept)
    opened = await desk.streams.opened(_home(desk), kept["private"])
    text = opened["report"].get("text")
    return _report(orjson.loads(text)) if text else port.Denied()


def _report(packed: dict[str, Any]) -> port.Report:
    match packed["kind"]:
        case "Rated":
            rating = CreditRating.model_validate(packed["rating"])
            as_of = datetime.fromisoformat(packed["as_of"])
            return port.Rated(rating, as_of, packed.get("order"))
        case "NotRated":
            return port.NotRated(datetime.fromisoformat(packed["as_of"]))
        case "Denied":
            return port.Denied()
        case _:
            return port.Unknown()
