"""What a company is to the tenant, from when to when: customer, prospect, supplier."""

from chassis.decider import Rejected
from companies.company.state import Company
from contracts.companies.company import (
    CompanyEvent,
    EndRelation,
    RelationEnded,
    RelationStarted,
    StartRelation,
)

RELATIONS_MAX = 50
"""Five are common and tenants add their own; a list beyond this is a mistake of a program."""


def start_relation(command: StartRelation, company: Company) -> list[CompanyEvent]:
    """Start a relation that is not running; its periods do not overlap."""
    since = company.relations.get(command.relation)
    if since == command.since:
        return []
    if since is not None:
        raise Rejected(
            "relation-running",
            f"The company has had this relation since {since}; end it before starting it anew.",
            since=since.isoformat(),
        )
    ended = company.ended.get(command.relation)
    if ended is not None and command.since < ended:
        raise Rejected(
            "relation-overlaps",
            f"The company had this relation until {ended}; give that day or a later one.",
            until=ended.isoformat(),
        )
    if len(company.relations) >= RELATIONS_MAX:
        raise relations_full()
    return [
        RelationStarted(
            company_id=command.company_id, relation=command.relation, since=command.since
        )
    ]


def end_relation(command: EndRelation, company: Company) -> list[CompanyEvent]:
    """End a relation that is running.

    One that is not there is refused: its end would otherwise be lost without a word. Only the
    very end it already had says nothing new.
    """
    since = company.relations.get(command.relation)
    if since is None:
        if company.ended.get(command.relation) == command.until:
            return []
        raise Rejected("relation-unknown", "The company has no such relation that could end.")
    if command.until < since:
        raise Rejected(
            "relation-ends-early",
            f"The relation began on {since}; it ends that day or later.",
            since=since.isoformat(),
        )
    return [
        RelationEnded(company_id=command.company_id, relation=command.relation, until=command.until)
    ]


def relations_full() -> Rejected:
    """Refuse more relations than anybody has."""
    return Rejected("relations-full", f"A company has at most {RELATIONS_MAX} relations at a time.")
