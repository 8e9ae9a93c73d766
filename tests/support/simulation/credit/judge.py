"""What was told of each company, held against the bureau's ledger."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from support.simulation.credit.ledger import IN_TIME, Change
from support.simulation.credit.world import TICK, CreditWorld
from support.simulation.world import Red

REPORTS_SHARE_MAX = 1.25
"""Reports for each change told: a few were bought by who died before making use of them."""
COMPLETED_SHARE_MAX = 0.01


def judge(world: CreditWorld) -> Counter[str]:
    """See that every promise was kept; return what was seen, by kind."""
    seen: Counter[str] = Counter()
    for company, changes in enumerate(world.bureau.changes):
        seen["changes"] += len(changes)
        told = world.told[company]
        seen["told"] += len(told) - 1
        for change in changes:
            seen[change.mood] += 1
        actual = [told[0], *(change.score for change in changes)]
        if told != actual:
            skipped = unknowable(changes, world.looked.get(company, ()))
            seen["unknowable"] += sum(skipped)
            once = [one for one, _ in groupby(told)]
            seen["completed"] += len(told) - len(once)
            if not is_told(actual, once if _is_patchy(changes) else told, skipped):
                raise Red(f"{company}: told {told} of {actual}: {changes}")
    if any(count != 1 for count in world.alerts):
        raise Red(f"alerts were told {Counter(world.alerts)} times")
    _check_places(world)
    if seen["completed"] > COMPLETED_SHARE_MAX * seen["told"] + 10:
        raise Red(f"{seen['completed']} of {seen['told']} changes were told in two")
    if world.bureau.sold > REPORTS_SHARE_MAX * seen["told"] + 100:
        raise Red(f"{world.bureau.sold} reports were bought to tell of {seen['told']} changes")
    return seen


def _is_patchy(changes: Sequence[Change]) -> bool:
    """Say whether of some change nothing was told in time.

    Of that one only those sides are seen that the next one tells of; what else it changed is
    told when a report shows it, as a change of that side alone.
    """
    return any(change.mood not in IN_TIME for change in changes)


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


def unknowable(changes: Sequence[Change], looked: Sequence[object]) -> list[bool]:
    """Say of each rating a company had whether nobody can have known of it.

    Neither the change to it nor the one from it was told of before something later was believed;
    what the bureau has now is all that is left to see.
    """
    hidden = [not _is_in_time(n, changes, looked) for n in range(len(changes))]
    return [False, *(a and b for a, b in pairwise(hidden)), False]


def _is_in_time(n: int, changes: Sequence[Change], looked: Sequence[object]) -> bool:
    change = changes[n]
    if change.mood in IN_TIME:
        return True
    if change.mood != "late":
        return False
    overtaken = any(later.at < change.told_by + TICK for later in changes[n + 1 : n + 3])
    return not overtaken and not any(change.at <= at <= change.told_by for at in looked)  # type: ignore[operator]


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
