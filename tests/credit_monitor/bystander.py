"""One tenant's people and companies, and what they are told: on real Postgres, without waiting."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from heard import said_since, told_by_others

from chassis import codec, sealing
from chassis.edge import new_id, now
from chassis.reaction import react_to_all
from chassis.site import Site
from contracts.companies.company import CompanyCreated, CompanyIdentity, OwnerAdded
from contracts.companies.user import Role, UserAdded
from contracts.credit_alerts import AlertPreferencesSet, AlertSettingsSet, alert_settings_of
from contracts.credit_monitor import CreditRatingChanged
from contracts.enrichment import CompanyEnriched, RegistryFacts
from contracts.envelope import Envelope
from contracts.examples import example
from contracts.message import Event
from contracts.values import CompanyDetails, LegalForm, Proceeding, Sealed
from credit_monitor.app import service

NUMBER = "5560360793"


@dataclass
class Bystander:
    """What a test does: let something happen, hear what the service says of it."""

    site: Site
    tenant: str
    heard: int = 0

    async def hear(self, *events: Event, at: datetime | None = None) -> list[Envelope]:
        """Let the service hear of events, as one batch from the bus."""
        envelopes = [await self._envelope(event, at or now()) for event in events]
        await self.take(envelopes)
        return envelopes

    async def take(self, envelopes: Sequence[Envelope]) -> None:
        """Let the service take a batch in, with those who learn of companies before it."""
        async with self.site.pool.acquire() as connection, connection.transaction():
            await react_to_all(service.reactions, envelopes, connection, self.site)

    async def _envelope(self, event: Event, at: datetime) -> Envelope:
        data = codec.to_json(event)
        sealed = await sealing.seal(self.site.keys, self.tenant, event.stream_id, data)
        return told_by_others(self.tenant, event, orjson.dumps(sealed).decode(), at)

    async def user(
        self,
        name: str = "Anna",
        role: Role = Role.USER,
        *,
        mail: str = "AT_ONCE",
        hour: int = 7,
        language: str = "sv",
        email: str = "",
    ) -> UUID:
        """Let a person use the system."""
        user_id = new_id()
        address = email or f"{name.lower()}-{user_id.hex[-6:]}@firma.example"
        await self.hear(
            UserAdded(
                user_id=user_id,
                name=Sealed(subject=user_id, text=name),
                email=Sealed(subject=user_id, text=address),
                role=role,
            ),
            AlertPreferencesSet(user_id=user_id, mail=mail, digest_hour=hour, language=language),
        )
        return user_id

    async def company(
        self, *owners: UUID, form: str = "AB", proceedings: Iterable[str] = (), name: str = "Ett AB"
    ) -> UUID:
        """Let a company be created, owned and found in the registry."""
        company_id = new_id()
        identity = CompanyIdentity(country="SE", number=NUMBER)
        created = CompanyCreated(company_id=company_id, origin="HAND", identity=identity, name=name)
        owned = [OwnerAdded(company_id=company_id, user_id=owner) for owner in owners]
        await self.hear(created, *owned, self.registered(company_id, form, proceedings))
        return company_id

    def registered(
        self,
        company_id: UUID,
        form: str = "AB",
        proceedings: Iterable[str] = (),
        *,
        active: bool = True,
        number: str = NUMBER,
    ) -> CompanyEnriched:
        """Return what the registry says of a company."""
        return CompanyEnriched(
            company_id=company_id,
            country="SE",
            number=number,
            registry="test",
            facts=RegistryFacts(
                details=CompanyDetails(legal_form=LegalForm(code=form)),
                active=active,
                proceedings=tuple(Proceeding(kind=kind) for kind in proceedings),
            ),
            as_of=now(),
        )

    def changed(self, company_id: UUID, cause: str = "COMPANY", model: str = "M1") -> Event:
        """Return that a company's rating changed."""
        said = codec.to_json(example(CreditRatingChanged))
        said["company_id"], said["cause"] = str(company_id), cause
        said["new"]["model"] = model
        return codec.event_from(said)

    async def rules(self, hours: int = 72, to: Iterable[UUID] = ()) -> None:
        """Let the tenant say what becomes of its alerts."""
        await self.hear(
            AlertSettingsSet(
                settings_id=alert_settings_of(self.tenant),
                escalate_after_hours=hours,
                escalate_to=tuple(to),
            )
        )

    async def said(self, *names: str) -> list[dict[str, Any]]:
        """Return what the service has said of alerts, of some names or of all."""
        rows = await self.site.pool.fetch(
            "SELECT data::text AS text FROM events WHERE tenant_id = $1 AND category = 'alert'"
            " ORDER BY position",
            self.tenant,
        )
        found = [json.loads(row["text"]) for row in rows]
        return [one for one in found if not names or one["type"].partition(".")[0] in names]

    async def hear_ourselves(self) -> None:
        """Let the service hear what it has said itself since the last time."""
        said = await said_since(self.site.pool, self.tenant, self.heard)
        if said:
            self.heard = said[-1].position
            await self.take(said)
