"""What was told of each company, held against the bureau's ledger."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from support.simulation.credit.ledger import IN_TIME, Change
from support.simulation.credit.world import TICK, CreditWorld
from support.simulation.world import Red

REPORTS_SHARE_MAX = 1.25
"""Reports for each change told: a few were bought by who died before making use of them."""
COMPLETED_SHARE_MAX = 0.01
MIXED_MAX = 3
"""Ratings told of before and after mixed, for each change that was not told in time: it, the next
one, and one more before a report is bought."""
LOOKING_MAX = timedelta(hours=12)
"""A look that was begun goes on until notifications were read twice; the bureau may be away."""
LOOKING = 6 * TICK
"""A look begun by what was told: read at the next poll, looked at again at the one after, and the
process that does it may be frozen for four."""
LATE = frozenset({"late", "very late"})


def judge(world: CreditWorld) -> Counter[str]:
    """See that every promise was kept; return what was seen, by kind."""
    seen: Counter[str] = Counter()
    for company, changes in enumerate(world.bureau.changes):
        told = world.told[company]
        seen["changes"] += len(changes)
        seen["told"] += len(told) - 1
        for change in changes:
            seen[change.mood] += 1
        actual = [told[0], *(change.score for change in changes)]
        if told != actual:
            seen += _judge_one(company, changes, told, world.looked.get(company, ()))
    if any(count != 1 for count in world.listener.alerts):
        raise Red(f"alerts were told {Counter(world.listener.alerts)} times")
    _check_places(world)
    if seen["completed"] > COMPLETED_SHARE_MAX * seen["told"] + 10:
        raise Red(f"{seen['completed']} of {seen['told']} changes were told in two")
    if world.bureau.sold > REPORTS_SHARE_MAX * seen["told"] + 100:
        raise Red(f"{world.bureau.sold} reports were bought to tell of {seen['told']} changes")
    return seen


def _judge_one(
    company: int, changes: Sequence[Change], told: Sequence[int], looked: Sequence[datetime]
) -> Counter[str]:
    """Judge what was not told just as it was: only what nobody can know is excused."""
    hidden = [not _is_in_time(n, changes, looked) for n in range(len(changes))]
    skipped = unknowable(hidden)
    once = completed(told)
    actual = [told[0], *(change.score for change in changes)]
    mixed = sum(score < 0 for score in told)
    if once is None or mixed > MIXED_MAX * sum(hidden) or not is_told(actual, once, skipped):
        raise Red(f"{company}: told {told} of {actual}: {changes}")
    return Counter(unknowable=sum(skipped), completed=len(told) - len(once), mixed=mixed)


def completed(told: Sequence[int]) -> list[int] | None:
    """Return each rating told once, or None where one was told that never was.

    Of a change that was not told in time only those sides are seen that the next one tells of: a
    rating of before and after mixed, written below zero. What else it changed is told when a report
    shows it. Whoever was rated whole is not told to be rated so again.
    """
    once: list[int] = []
    before = 0
    for score in told:
        if abs(score) != abs(before):
            once.append(abs(score))
        elif before > 0:
            return None
        before = score
    return once if before > 0 else None


def _check_places(world: CreditWorld) -> None:
    """See that the bureau watches whom it should, and whoever is not ours."""
    for tenant, portfolio in world.office.portfolios.items():
        members = {ref for ref, ours in world.bureau.members[portfolio].items() if ours != "theirs"}
        wanted = {
            listing.reference
            for (whose, _), listing in world.office.listings.items()
            if whose == tenant
        }
        if members != wanted:
            raise Red(f"{tenant}: differ in {sorted(members ^ wanted)[:9]}")
    if any(listing.state != "yes" for listing in world.office.listings.values()):
        raise Red("somebody is still listed perhaps")


def unknowable(hidden: Sequence[bool]) -> list[bool]:
    """Say of each rating a company had whether nobody can have known of it.

    Neither the change to it nor the one from it was told of before something later was believed;
    what the bureau has now is all that is left to see.
    """
    return [False, *(a and b for a, b in pairwise(hidden)), False]


def _is_in_time(n: int, changes: Sequence[Change], looked: Sequence[datetime]) -> bool:
    """Say whether a change was told of before anything later can have been believed."""
    change = changes[n]
    if change.mood in IN_TIME:
        return True
    if change.mood not in LATE:
        return False
    known_by = change.told_by + TICK
    begun = LOOKING_MAX if change.mood == "very late" else timedelta()
    if any(change.at - begun <= at <= known_by for at in looked):
        return False
    if change.mood == "late":
        return n + 1 == len(changes) or changes[n + 1].at >= known_by
    # Hours go by: whatever else is told of the company has it looked at.
    others = (one for m, one in enumerate(changes) if m != n)
    return not any(
        change.at - LOOKING <= at <= known_by for one in others for at in (one.at, one.told_by)
    )


def is_told(actual: Sequence[int], told: Sequence[int], unknowable: Sequence[bool]) -> bool:
    """Say whether what was told is what was: each rating in turn, but those nobody can know of.

    A company that was back where it had been before anybody knew has not changed.
    """
    # How much was told up to here, and whether the rating before was passed over.
    reached = {(1, False)}
    for n, score in enumerate(actual[1:], 1):
        further: set[tuple[int, bool]] = set()
        for count, was_passed in reached:
            if count < len(told) and told[count] == score:
                further.add((count + 1, False))
            if was_passed and told[count - 1] == score:
                further.add((count, False))
            if unknowable[n]:
                further.add((count, True))
        reached = further
    return (len(told), False) in reached
