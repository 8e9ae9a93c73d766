"""What follows from an alert for those it is told to: a mail at once, in the digest, or none."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.edge import now
from chassis.reaction import Happened, Reaction
from chassis.tenancy import Connection, set_tenant
from contracts.credit_alerts import CreditAlertEscalated, CreditAlertGrew, CreditAlertRaised
from credit_monitor.alerts import people
from credit_monitor.alerts.hours import next_digest
from credit_monitor.alerts.people import Person
from credit_monitor.mail import outbox

NAME = "mail-alerts"
OLD = timedelta(days=30)
"""What is heard so late is heard again: nobody is mailed about it once more."""
DAYS_MAX = 3
"""A digest that is being sent takes in nothing more; the next one does."""


async def hear(happened: Happened) -> None:
    """Have an alert mailed to those it is told to."""
    await hear_all([happened])


async def hear_all(heard: Sequence[Happened]) -> None:
    """Have alerts mailed, in the order they were told."""
    for happened in heard:
        tenant, connection = happened.envelope.tenant, happened.connection
        await set_tenant(connection, tenant)
        event: Any = happened.event
        if now() - happened.envelope.at > OLD:
            continue
        said = await _said(connection, tenant, event)
        if said is None:
            continue
        escalated = isinstance(event, CreditAlertEscalated)
        for user_id in event.to:
            at = happened.envelope.at
            await _queue(connection, tenant, user_id, said, at=at, escalated=escalated)


async def _said(
    connection: Connection, tenant: str, event: CreditAlertRaised | CreditAlertGrew
) -> CreditAlertRaised | None:
    """Return what was said when the alert was raised, kept when it was."""
    if isinstance(event, CreditAlertRaised):
        await outbox.remember(connection, tenant, event)
        return event
    said = await outbox.remembered(connection, tenant, event.alert_id)
    if said and isinstance(event, CreditAlertGrew):
        said = said.model_copy(update={"count": event.count})
        await outbox.remember(connection, tenant, said)
    return said


async def _queue(
    connection: Connection,
    tenant: str,
    user_id: UUID,
    said: CreditAlertRaised,
    *,
    at: datetime,
    escalated: bool,
) -> None:
    """Put an alert into the mail that a person is to get, unless some mail tells it already."""
    person = await people.find(connection, tenant, user_id)
    if person is None or not person.active or person.mail == "NONE":
        return
    if await outbox.is_told(connection, tenant, user_id, said.alert_id, escalated=escalated):
        return
    mail_id = await _mail(connection, tenant, person, said.alert_id, escalated=escalated)
    await outbox.add(
        connection, tenant, mail_id, user_id=user_id, said=said, at=at, escalated=escalated
    )


async def _mail(
    connection: Connection, tenant: str, person: Person, alert_id: UUID, *, escalated: bool
) -> UUID:
    """Return the mail that tells a person of an alert, queued."""
    if person.mail == "AT_ONCE":
        mail_id = outbox.mail_of(alert_id, person.user_id, escalated=escalated)
        await outbox.put(
            connection, tenant, mail_id, user_id=person.user_id, due=now(), digest=False
        )
        return mail_id
    zone = (await people.rules(connection, tenant)).timezone
    after = now()
    for _ in range(DAYS_MAX):
        day, after = next_digest(after, person.digest_hour, zone)
        mail_id = outbox.digest_of(person.user_id, day.isoformat())
        if await outbox.put(
            connection, tenant, mail_id, user_id=person.user_id, due=after, digest=True
        ):
            return mail_id
    raise AssertionError("digests of days to come are being sent")


reaction = Reaction(
    NAME, (CreditAlertRaised, CreditAlertGrew, CreditAlertEscalated), hear, hear_all
)
