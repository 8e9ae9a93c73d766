"""What the bureau watches for a tenant, held against what it should: pure, and one value."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from contracts.values import CreditRating
from credit_monitor.bureaus.port import Member
from credit_monitor.credit.changes import agrees

NIGHT_BEGINS = timedelta(hours=1)
"""By UTC, which knows no summer: in the Nordic countries two or three in the morning."""
NIGHT_MINUTES = 180
"""Tenants are spread over the night; the bureau's day begins at four."""
OURS = re.compile(
    r"(?P<tenant>[^:]+):"
    r"(?P<company>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
"""What we put down beside a company when we put it into a portfolio."""
Place: TypeAlias = Literal["no", "maybe", "yes"]


@dataclass(frozen=True, slots=True)
class Expected:
    """A company as we have it: whether it is watched, where it is listed, how it was last rated."""

    watched: bool
    listed: Place = "no"
    reference: str | None = None
    rating: CreditRating | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """Where the two differ.

    `missing` are to be put back, `leftover` are references to be taken out, `strangers` were put
    there by somebody else and stay, `moved` are rated otherwise than we last recorded, `undecided`
    are listed perhaps.
    """

    members: int = 0
    missing: tuple[UUID, ...] = ()
    leftover: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    moved: tuple[UUID, ...] = ()
    undecided: tuple[UUID, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind."""
        return {
            "missing": len(self.missing),
            "leftover": len(self.leftover),
            "strangers": len(self.strangers),
            "moved": len(self.moved),
            "undecided": len(self.undecided),
        }


def compare(
    tenant: str,
    before: Mapping[UUID, Expected],
    there: Iterable[Member],
    after: Mapping[UUID, Expected],
) -> Drift:
    """Return where a portfolio differs from what we have.

    Listing a portfolio takes a while in which we go on: what we had `before` and have `after` is
    asked for, and only what was so at both times is judged.
    """
    by_reference = {member.reference: member for member in there}
    still = {key: one for key, one in sorted(after.items()) if before.get(key) == one}
    known = {one.reference for one in (*before.values(), *after.values())}
    others = [member for name, member in sorted(by_reference.items()) if name not in known]
    return Drift(
        members=len(by_reference),
        missing=_which(still, lambda one: _is_missing(one, by_reference)),
        leftover=tuple(one.reference for one in others if _is_ours(tenant, one)),
        strangers=tuple(one.reference for one in others if not _is_ours(tenant, one)),
        moved=_which(still, lambda one: _has_moved(one, by_reference)),
        undecided=_which(still, lambda one: one.listed == "maybe"),
    )


def _which(still: Mapping[UUID, Expected], is_so: Callable[[Expected], bool]) -> tuple[UUID, ...]:
    return tuple(company_id for company_id, one in still.items() if is_so(one))


def _is_missing(one: Expected, there: Mapping[str, Member]) -> bool:
    """Say whether a company should be in the portfolio and surely is not."""
    if one.listed == "yes":
        return one.reference not in there
    return one.listed == "no" and one.watched


def _has_moved(one: Expected, there: Mapping[str, Member]) -> bool:
    """Say whether a watched company is rated otherwise than was last recorded."""
    if not one.watched or one.listed != "yes" or one.rating is None:
        return False
    member = there.get(one.reference or "")
    return (
        member is not None
        and member.reference == one.rating.reference
        and not agrees(one.rating, member.told)
    )


def _is_ours(tenant: str, member: Member) -> bool:
    """Say whether we have put a company there, for this very tenant."""
    if member.ours is None:
        return True
    found = OURS.fullmatch(member.ours)
    return found is not None and found["tenant"] == tenant


def night_of(moment: datetime, tenant: str, bureau: str) -> date:
    """Return the night that has come for a tenant at a bureau.

    It never goes back as long as time does not, whatever is done to clocks on walls; each night
    is a day of the calendar, the last of February among them.
    """
    digest = hashlib.sha256(f"{tenant}\x1f{bureau}".encode()).digest()
    minutes = int.from_bytes(digest[:4]) % NIGHT_MINUTES
    return (moment.astimezone(UTC) - NIGHT_BEGINS - timedelta(minutes=minutes)).date()


def is_due(last: date | None, moment: datetime, tenant: str, bureau: str) -> bool:
    """Say whether a night has come that was not reconciled yet; those slept through are one."""
    return last is None or night_of(moment, tenant, bureau) > last
