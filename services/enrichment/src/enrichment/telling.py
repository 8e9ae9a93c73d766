"""Tenants told what has changed in a registry: of every company that goes with a number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import structlog

from chassis.decider import Rejected
from chassis.edge import new_id, now
from chassis.site import Site
from chassis.streams import transact
from chassis.tenancy import Connection
from contracts.enrichment import SubUnit
from enrichment.answers import find
from enrichment.model import (
    Published,
    Reason,
    TakeRegistryFacts,
    TakeSubUnit,
    Taking,
    registry_facts,
)
from enrichment.registry import sub_unit
from enrichment.sources.port import Deleted, Found, Outcome, Partial, Removed
from enrichment.taking import Present, Word

log = structlog.get_logger()

WATCHING = """
SELECT tenant_id, company_id, number FROM crm_companies WHERE country = $1 AND number = ANY ($2)
ORDER BY tenant_id, company_id
"""
Company: TypeAlias = tuple[str, UUID]
"""A tenant, and its company."""


@dataclass(frozen=True, slots=True)
class News:
    """What a source said of some numbers, and what our copy had of them before that."""

    word: Word
    before: Mapping[str, Present]

    async def commands(self, connection: Connection) -> Sequence[Taking]:
        """Return what is to be told, once our copy has it."""
        parents = {number: self._parent(number) for number in self.word.said}
        who = await watching(connection, self.word.country, {*self.word.said, *parents.values()})
        commands: list[Taking] = []
        for number, outcome in self.word.said.items():
            companies = who.get(number, ())
            if companies:
                found = await self._found(connection, number, outcome)
                commands += [self._facts_taken(company, found) for company in companies]
            unit = sub_unit_told(number, outcome, self.before.get(number))
            heads = who.get(parents[number], ()) if unit else ()
            commands += [self._unit_taken(head, parents[number], unit) for head in heads]
        return commands

    def _parent(self, number: str) -> str:
        """Return whose sub-unit a number is, or nothing."""
        outcome, before = self.word.said[number], self.before.get(number)
        if isinstance(outcome, Found | Partial):
            return outcome.listing.parent or ""
        return (before.parent if before else None) or ""

    async def _found(
        self, connection: Connection, number: str, outcome: Outcome
    ) -> Published | Reason:
        if isinstance(outcome, Removed):
            return "removed"
        found = await find(connection, self.word.country, number)
        if found is None:
            return "unknown-number"
        return Published(
            number=number, registry=found.registry, facts=found.facts, as_of=self.word.as_of
        )

    def _facts_taken(self, company: Company, found: Published | Reason) -> TakeRegistryFacts:
        return TakeRegistryFacts(**self._common(company), country=self.word.country, found=found)

    def _unit_taken(self, head: Company, number: str, unit: SubUnit | None) -> TakeSubUnit:
        assert unit is not None  # noqa: S101 - heads are asked for where there is one
        return TakeSubUnit(
            **self._common(head),
            country=self.word.country,
            number=number,
            unit=unit,
            as_of=self.word.as_of,
        )

    def _common(self, company: Company) -> dict[str, Any]:
        """Return what every command has that follows from nobody's request."""
        tenant, company_id = company
        return {
            "command_id": new_id(),
            "tenant": tenant,
            "company_id": company_id,
            "by": f"system:{self.word.source}",
            "at": now(),
            "correlation": new_id(),
        }


def sub_unit_told(number: str, outcome: Outcome, before: Present | None) -> SubUnit | None:
    """Return a sub-unit that appeared or closed: what is otherwise new of it is its own concern."""
    match outcome:
        case Found(listing) | Partial(listing) if listing.parent:
            unit = sub_unit(number, listing.facts)
            was_active = before is not None and before.active and before.parent == listing.parent
            return unit if unit.active != was_active else None
        case Deleted() if before and before.parent and before.active:
            return sub_unit(number, before.facts | {"name": before.name, "ceased": True})
        case Removed() if before and before.parent and before.active:
            return SubUnit(number=number, name=number, active=False)
        case _:
            return None


async def watching(
    connection: Connection, country: str, numbers: Iterable[str]
) -> Mapping[str, Sequence[Company]]:
    """Return the companies of tenants that go with some numbers."""
    found: dict[str, list[Company]] = {}
    for row in await connection.fetch(WATCHING, country, list(numbers)):
        found.setdefault(row["number"], []).append((row["tenant_id"], row["company_id"]))
    return found


async def decide(site: Site, connection: Connection, commands: Iterable[Taking]) -> None:
    """Decide on commands in an open transaction.

    One that can never be kept is passed over, so that the others are.
    """
    streams = site.streams.within(connection)
    for command in commands:
        try:
            await transact(streams, registry_facts, command)
        except Rejected as refusal:
            if refusal.code == "busy":
                # Others wrote first, again and again: all of it is done again.
                raise TimeoutError(refusal.message) from refusal
            log.warning("not told", company=str(command.company_id), why=refusal.code)
