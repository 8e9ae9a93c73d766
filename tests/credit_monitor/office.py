"""One tenant's dealings with the bureau, on real servers, step by step and without waiting."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from heard import said_since, told_by_others

from chassis import codec
from chassis.edge import new_id, now
from chassis.reaction import react
from chassis.site import Site
from contracts.companies.company import (
    CompanyCreated,
    CompanyIdentity,
    RelationEnded,
    RelationStarted,
)
from contracts.enrichment import CompanyEnriched, RegistryFacts
from contracts.envelope import Envelope
from contracts.message import Event
from contracts.values import CompanyDetails, LegalForm, Sealed
from credit_monitor import work
from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import Bureau
from credit_monitor.reaching.accounts import Accounts
from credit_monitor.reaching.discreet import Discreet, Hiding
from credit_monitor.reactions import reactions
from credit_monitor.reconciling import reconciliations
from credit_monitor.reconciling.reconciler import Reconciler
from credit_monitor.settings import CreditSettings
from credit_monitor.watching.poller import Poller
from credit_monitor.working.worker import Worker
from standins.testing import StandIn

TURNS_MAX = 60
"""More steps than any journey here has: a worker that finds no end is a mistake."""


def accounts_of(site: Site, settings: CreditSettings, **bureaus: Bureau) -> Accounts:
    """Return accounts at which these bureaus are found."""
    return Accounts(site.pool, site.keys, settings, bureaus)


@dataclass
class Office:
    """What a test does: let something be heard, work off what follows, poll."""

    site: Site
    creditsafe: Any
    bureau: StandIn
    tenant: str
    key: str = "creditsafe"
    heard: int = 0
    settings: CreditSettings = field(
        default_factory=lambda: CreditSettings(credit_poll_seconds=1e-3)
    )

    def __post_init__(self) -> None:
        hiding = Hiding(self.site.pool, self.site.keys, self.key)
        self.account = Account(self.key, Discreet(self.creditsafe, hiding), hiding.hidden)
        self.accounts = accounts_of(self.site, self.settings, **{self.key: self.creditsafe})
        self.worker = Worker(self.site, self.accounts)
        self.poller = Poller(self.site.pool, self.account, self.settings)
        self.reconciler = Reconciler(self.site, self.account)

    async def hear(self, event: Event) -> None:
        """Let the service hear of an event, as from the bus."""
        data = codec.to_bytes(event).decode()
        await self._react(told_by_others(self.tenant, event, data, now()))

    async def _react(self, envelope: Envelope) -> None:
        async with self.site.pool.acquire() as connection, connection.transaction():
            await react(reactions, envelope, connection, self.site)

    async def customer(self, number: str, form: str = "AB", country: str = "SE") -> UUID:
        """Let a customer be created, and enriched if it is to have a form."""
        company_id = new_id()
        identity = CompanyIdentity(country=country, number=number or None)
        if not number:
            own = Sealed(subject=company_id, text="7001011236")
            identity = CompanyIdentity(country=country, personal_number=own)
        await self.hear(
            CompanyCreated(company_id=company_id, origin="HAND", identity=identity, name="Ett AB")
        )
        await self.hear(
            RelationStarted(company_id=company_id, relation="customer", since=now().date())
        )
        if number and form:
            await self.enriched(company_id, number, form, country)
        return company_id

    async def ended(self, company_id: UUID) -> None:
        """Let a company be a customer no longer."""
        today = now().date()
        await self.hear(RelationEnded(company_id=company_id, relation="customer", until=today))

    async def enriched(self, company_id: UUID, number: str, form: str, country: str = "SE") -> None:
        """Let the registry say which legal form a company has."""
        details = CompanyDetails(legal_form=LegalForm(code=form))
        await self.hear(
            CompanyEnriched(
                company_id=company_id,
                country=country,
                number=number,
                registry="test",
                facts=RegistryFacts(details=details, active=True),
                as_of=now(),
            )
        )

    async def watched(self, number: str) -> UUID:
        """Let a customer be created, rated and watched, and the first look be over."""
        company_id = await self.customer(number)
        await self.work_off()
        await self.poll()
        return company_id

    async def work_off(self) -> None:
        """Take step after step, our own events heard in between, until nothing is left to do."""
        for _ in range(TURNS_MAX):
            spoken = await self.hear_ourselves()
            held = await work.lease(self.site.pool, 1)
            for one in held:
                await self.worker.do(one)
            if not held and not spoken:
                return
        raise AssertionError("there is always something left to do")

    async def hear_ourselves(self) -> bool:
        """Hear what the service itself has said since; says whether there was anything."""
        said = await said_since(self.site.pool, self.tenant, self.heard)
        for envelope in said:
            self.heard = envelope.position
            await self._react(envelope)
        return bool(said)

    async def poll(self) -> bool:
        """Read what the bureau tells, now, and work off what follows."""
        await self.site.pool.execute("UPDATE accounts SET next_poll_at = now(), failures = 0")
        was_read = await self.poller.poll()
        await self.work_off()
        return was_read

    async def reconcile(self) -> None:
        """Hold this tenant's portfolio against what we have, now, and work off what follows."""
        pool, name = self.site.pool, self.key
        await reconciliations.open_all(pool, name, now())
        await pool.execute(
            "UPDATE reconciliations SET asked_at = now(), next_at = now(), leased_until = NULL"
            " WHERE tenant_id = $1 AND bureau = $2",
            self.tenant,
            name,
        )
        assert await self.reconciler.turn()
        await self.work_off()

    def change(self, number: str, **rating: int | None) -> None:
        """Change a rating at the bureau."""
        self.bureau.control("POST", f"companies/SE/{number}", rating)

    async def told(self, company_id: UUID) -> list[str]:
        """Return what was recorded of a company's credit, by name."""
        return [event["type"].partition(".")[0] for event in await self.events(company_id)]

    async def events(self, company_id: UUID) -> Sequence[dict[str, Any]]:
        """Return what was recorded of a company's credit."""
        rows = await self.site.pool.fetch(
            "SELECT data::text AS text FROM events"
            " WHERE tenant_id = $1 AND stream_id = $2 ORDER BY version",
            self.tenant,
            company_id,
        )
        return [json.loads(row["text"]) for row in rows]

    async def scores(self, company_id: UUID) -> list[str | None]:
        """Return the scores that a company has had, in order."""
        ratings = [e.get("rating") or e.get("new") for e in await self.events(company_id)]
        return [rating.get("score") for rating in ratings if rating]

    def sold(self, number: str) -> int:
        """Return how many reports the bureau has sold on a number."""
        sold = self.bureau.control("GET", "ledger")["reports"]
        return [row["number"] for row in sold].count(number)

    def members(self) -> list[str]:
        """Return whose numbers are in this tenant's portfolio at the bureau."""
        ledger = self.bureau.control("GET", "ledger")
        mine = {p["id"] for p in ledger["portfolios"] if p["name"] == f"kundvakt-{self.tenant}"}
        return [row["number"] for row in ledger["members"] if row["portfolio_id"] in mine]
