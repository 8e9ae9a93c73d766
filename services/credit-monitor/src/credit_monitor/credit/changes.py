"""What the bureau told, as changes of a rating: in order, several of one moment one change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from contracts.values import CreditRating, Money
from credit_monitor.credit.state import same

Fact: TypeAlias = Literal["band", "limit", "score", "other"]
Part: TypeAlias = Mapping[str, Any]
"""Some fields of a rating: what one notification tells."""
AT, HELD = "at", "held"


@dataclass(frozen=True, slots=True)
class Told:
    """One notification about one fact, by the bureau's own clock."""

    id: int
    at: datetime
    fact: Fact
    old: Part
    new: Part


@dataclass(frozen=True, slots=True)
class Change:
    """One change at the bureau, as far as it was told."""

    ids: tuple[int, ...]
    at: datetime
    facts: Mapping[Fact, tuple[Part, Part]]

    @property
    def old(self) -> Part:
        """Return what was told of the rating before."""
        return {name: value for old, _ in self.facts.values() for name, value in old.items()}

    @property
    def new(self) -> Part:
        """Return what was told of the rating after."""
        return {name: value for _, new in self.facts.values() for name, value in new.items()}


def changes_of(told: Iterable[Told]) -> list[Change]:
    """Group notifications to changes, in the order these happened."""
    changes: list[Change] = []
    for one in sorted(told, key=lambda told: (told.at, told.id)):
        last = changes[-1] if changes else None
        if (
            last
            and last.at == one.at
            and last.facts.get(one.fact, (one.old, one.new))
            == (
                one.old,
                one.new,
            )
        ):
            facts = {**last.facts, one.fact: (one.old, one.new)}
            changes[-1] = replace(last, ids=(*last.ids, one.id), facts=facts)
        else:
            changes.append(Change((one.id,), one.at, {one.fact: (one.old, one.new)}))
    return changes


def put(rating: CreditRating, part: Part, at: datetime) -> CreditRating:
    """Return a rating with what was told put in; its wording no longer goes with it."""
    changed = rating.model_copy(update=dict(part))
    if same(changed, rating):
        return rating
    return changed.model_copy(update={"text": None, "reasons": (), "rated_on": at.date()})


def agrees(rating: CreditRating, part: Part) -> bool:
    """Say whether a rating is already as told."""
    return same(rating.model_copy(update=dict(part)), rating)


def sides(rating: CreditRating) -> Part:
    """Return of a rating what a change is a change of."""
    return {"band": rating.band, "score": rating.score, "limit": rating.limit}


def seen_as(part: Part) -> dict[str, str]:
    """Write down how a company was seen to be rated, as far as it was."""
    return {name: _written(part[name]) for name in ("band", "score", "limit") if name in part}


def looked_at(part: Part, at: datetime | None, held: Iterable[int]) -> dict[str, str]:
    """Write down how a company was seen to be rated, when, and what is waited with until later."""
    when = {} if at is None else {AT: at.isoformat()}
    return {**seen_as(part), **when, HELD: " ".join(map(str, sorted(held)))}


def _written(value: Any) -> str:
    return f"{value.amount:f} {value.currency}" if isinstance(value, Money) else f"{value}"


def is_as_seen(seen: Mapping[str, str] | None, part: Part, told: Iterable[int] = ()) -> bool:
    """Say whether a company is rated as it was when it was last looked at, and nothing was told.

    Between two looks it may have changed and changed back: then part of that is still to be told.
    """
    if seen is None or not {str(one) for one in told} <= set(seen.get(HELD, "").split()):
        return False
    return all(seen.get(name, it) == it for name, it in seen_as(part).items())


def since_when(seen: Mapping[str, str], at: datetime) -> datetime:
    """Return since when a company is rated as it was seen to be; it is so at a later moment."""
    return min(at, datetime.fromisoformat(seen[AT])) if AT in seen else at
