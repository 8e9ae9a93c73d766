"""One company in hand: what is known of it, and how what is decided is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from chassis.decider import AnyDecider
from chassis.edge import derived_id, now
from chassis.event_store import PostgresStreams
from chassis.streams import Stream, transact
from chassis.tenancy import Connection, Pool
from contracts.credit_policy import CreditPolicy
from contracts.message import Answer
from credit_monitor import costs, work
from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import Bureau
from credit_monitor.credit.changes import Told
from credit_monitor.credit.model import credits_
from credit_monitor.credit.state import Credit
from credit_monitor.credit.wishes import CreditWish, StopWatch
from credit_monitor.facts import subjects
from credit_monitor.facts.subject import Subject
from credit_monitor.facts.subjects import Standing
from credit_monitor.policy import policies
from credit_monitor.policy.next_step import Dealings
from credit_monitor.settings import credit_settings
from credit_monitor.watching import listings, notices
from credit_monitor.watching.listings import Listing
from credit_monitor.work import Work

W = TypeVar("W", bound=CreditWish)

RECHECK = timedelta(days=7)
"""A company the bureau does not know or rate is asked about again after this: new ones take weeks
to be rated."""
ACTORS = {
    "record-rating": "policy:rate-customers-and-prospects",
    "record-failure": "policy:rate-customers-and-prospects",
    "start-watch": "policy:watch-rated-companies",
    "stop-watch": "policy:stop-watching-former-customers",
    "exclude-from-watch": "policy:leave-out-whom-we-may-not-check",
    "record-change": "system:credit-watch",
    "note-change": "system:credit-watch",
    "answer-check": "system:credit-checks",
}
"""Who acts: each policy by its own name, so that a timeline can say why."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a company in hand."""

    subject: Subject
    standing: Standing
    credit: Credit
    listing: Listing | None
    told: list[Told]
    dealings: Dealings
    policy: CreditPolicy


@dataclass(frozen=True, slots=True)
class Desk:
    """What a step works with."""

    pool: Pool
    streams: PostgresStreams
    account: Account
    work: Work

    @property
    def bureau(self) -> Bureau:
        """Return the bureau that the tenant has chosen."""
        return self.account.bureau

    async def look(self) -> Known:
        """Put together what is known, in one transaction."""
        tenant, company_id = self.work.tenant, self.work.company_id
        async with work.holding(self.pool, self.work) as (connection, _):
            subject, standing = await subjects.load(connection, tenant, company_id)
            listing = await listings.find(connection, tenant, company_id)
            told = await notices.open_ones(connection, self.account, tenant, company_id)
            credit = await self._credit(connection)
            policy = await policies.load(connection, tenant)
            affordable = await costs.is_affordable(
                connection, tenant, policy, self.bureau.name, now()
            )
        asked = standing.rated_at
        dealings = Dealings(
            rated_key=standing.rated_key,
            listed="no" if listing is None else "yes" if listing.state == "yes" else "maybe",
            told=bool(told) or self.work.look,
            asked_long_ago=asked is None or now() - asked >= RECHECK,
            affordable=affordable,
            listed_elsewhere=self._is_elsewhere(listing, credit),
            rated_elsewhere=self._is_of_another(credit, standing),
        )
        return Known(subject, standing, credit, listing, told, dealings, policy)

    @property
    def free_hours(self) -> float:
        """Return for how long the bureau does not charge the same question again."""
        return credit_settings().credit_free_hours

    def _is_elsewhere(self, listing: Listing | None, credit: Credit) -> bool:
        """Say whether a company has a place at another account, or under another reference."""
        if listing is None:
            return False
        if listing.account != self.account.key:
            return True
        rating = credit.rating
        is_ours = rating is not None and rating.bureau == self.bureau.name
        return bool(rating and is_ours and rating.reference != listing.reference)

    def _is_of_another(self, credit: Credit, standing: Standing) -> bool:
        """Say whether a rating is another bureau's, or of what the bureau has merged since."""
        if credit.rating is None:
            return False
        if credit.rating.bureau != self.bureau.name:
            return True
        return standing.reference not in {None, credit.rating.reference}

    def wish(self, form: type[W], *known_by: str, **more: Any) -> W:
        """Return a command; what it is known by makes its id, so that it is obeyed once.

        Without any it is known by the work it is part of.
        """
        held = self.work
        of_work = (str(held.id), str(held.generation))
        kind = str(form.model_fields["type"].default)
        return form(
            command_id=derived_id(held.tenant, held.company_id, kind, *(known_by or of_work)),
            tenant=held.tenant,
            by=ACTORS[kind],
            at=now(),
            correlation=held.correlation,
            causation=held.causation,
            company_id=held.company_id,
            **more,
        )

    async def record(self, connection: Connection, wishes: Iterable[CreditWish]) -> list[Answer]:
        """Decide on commands inside an open transaction; the last thing that is done in it.

        Appending waits for a lock that all appends share, so nothing else may be waited for
        after it.
        """
        streams = self.streams.within(connection)
        decider: AnyDecider = credits_
        return [await transact(streams, decider, wish) for wish in wishes]

    async def _credit(self, connection: Connection) -> Credit:
        home = Stream(self.work.tenant, CreditWish.aggregate, self.work.company_id)
        probe = self.wish(StopWatch, "look", cause="MANUAL")
        past = await self.streams.within(connection).read(home, probe)
        return credits_.fold(past.events)
