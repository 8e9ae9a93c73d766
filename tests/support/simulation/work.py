"""What is to be done about companies, and in whose hands each is: the table of work in memory.

The functions have the names that the product knows them by.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from credit_monitor.bureaus.account import SHARED_DEFAULT
from credit_monitor.leases import LeaseLost
from credit_monitor.work import Work
from support.simulation.office import LEASE, NEVER, Office, Place, Row
from support.simulation.pure import numbered


def _hold(office: Office, held: Work) -> Row:
    row = office.work.get((held.tenant, held.company_id))
    if row is None or (row.fence != held.fence and "work fenced" not in office.off):
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


async def touch_all(
    office: Office,
    tenant: str,
    companies: Sequence[UUID],
    correlation: UUID,
    *,
    look: bool = False,
) -> None:
    """Have companies looked at; who waits for a poll is looked at after it, and not before."""
    for company_id in companies:
        before = office.work.get((tenant, company_id))
        waits, looks = (before.after_poll is not None, before.look) if before else (False, False)
        await touch(office, tenant, company_id, correlation, before and before.causation)
        row = office.work[tenant, company_id]
        row.unexplained = row.unexplained and (looks or waits)
        row.look = looks or (look and not waits)


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
    free = (place for place, row in office.work.items() if _is_free(office, row))
    place = next(free, None)
    return _taken(office, place) if place else None


def lease_all(office: Office) -> list[Work]:
    """Take every company in hand that is due and in nobody else's."""
    free = [place for place, row in office.work.items() if _is_free(office, row)]
    return [_taken(office, place) for place in free]


def _taken(office: Office, place: Place) -> Work:
    row = office.work[place]
    row.fence += 1
    row.leased_until = office.now + LEASE
    return Work(
        *place,
        row.id,
        row.generation,
        row.fence,
        SHARED_DEFAULT,
        row.attempts,
        row.look,
        row.unexplained,
        row.after_poll is not None,
        row.seen,
        row.report,
        row.correlation,
        row.causation,
    )


@asynccontextmanager
async def holding(office: Office, held: Work) -> AsyncIterator[tuple[Office, bool]]:
    """Open a transaction in which nobody can take the company from us."""
    row = _hold(office, held)
    yield office, row.generation != held.generation


async def hold(office: Office, held: Work) -> bool:
    """Let nobody take the company from us; says whether it was touched."""
    return _hold(office, held).generation != held.generation


async def keep_report(office: Office, held: Work, report: dict[str, Any]) -> None:
    """Keep what was paid for."""
    _hold(office, held).report = report


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


async def wait_for_poll(
    office: Office, held: Work, *, unexplained: bool, seen: dict[str, str] | None = None
) -> None:
    """Look at a company again once all that is published by now has been read."""
    row = _hold(office, held)
    row.seen = seen
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


WORK = SimpleNamespace(
    touch=touch,
    touch_all=touch_all,
    known=known,
    holding=holding,
    hold=hold,
    keep_report=keep_report,
    drop=drop,
    go_on=go_on,
    rest=rest,
    wait_for_poll=wait_for_poll,
)
