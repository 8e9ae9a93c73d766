"""How what the bureau told becomes changes of a rating: each once, in order, however it came.

Several notifications of one moment are one change. Between the rating we have and the report
fetched now there may be several changes; those before the last take what was told of them, the
last takes the report. Where the first thing told of does not fit what we have, either we have it
already, or something before it was never told: then that is a change of its own.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from contracts.values import CreditRating
from credit_monitor.credit.changes import Change, Fact, Part, agrees, put
from credit_monitor.credit.state import same

SIDES: frozenset[Fact] = frozenset({"band", "limit", "score"})


@dataclass(frozen=True, slots=True)
class Found:
    """A new rating, and what it is known by: asked again for the same, the key is the same."""

    key: str
    rating: CreditRating
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What a company's notifications led to.

    `held` are notifications to be looked at again, `look_again` says that the report knows more
    than was told; a poll later what is missing has been told, or never will be.
    """

    found: tuple[Found, ...]
    as_of: datetime | None
    held: frozenset[int] = frozenset()
    look_again: bool = False


def settle(
    rating: CreditRating,
    as_of: datetime | None,
    changes: Sequence[Change],
    report: tuple[CreditRating, datetime],
    *,
    patient: bool,
) -> Settled:
    """Return the ratings that lead from what we have to what the bureau has.

    `as_of` is how far we are by the bureau's clock; `patient` says that what the report knows
    beyond what was told may still be told.
    """
    fresh = [change for change in changes if as_of is None or change.at >= as_of]
    news = fresh[_already_in(rating, as_of, fresh) :]
    far = max([change.at for change in changes] + ([as_of] if as_of else []), default=None)
    if not news:
        return _compare(rating, far, report, patient=patient)
    found, told = _walk(rating, news)
    first = _clear(_end(rating, found), news, told, report[0])
    if patient and first is not None:
        # What is to be told yet shows what was before these, or the other half of one.
        return _hold(found, news[first:], news[first - 1].at if first else as_of)
    reached, unfit = _end(rating, found), news[told:]
    on = _walk_on(reached, unfit)
    if not agrees(report[0], news[-1].new):
        return Settled((*found, *on), far, look_again=True)
    if not same(_end(reached, on), report[0]):
        # The report knows more than was told: what is told later of before it is known by then.
        far = _reached(far, report)
    found += _walk_on(reached, unfit, report[0])
    return Settled(_with_report(found, report[0]) or _seen(report), far)


def _already_in(rating: CreditRating, as_of: datetime | None, changes: Sequence[Change]) -> int:
    """Return how many of the first changes the rating we have is known to include.

    It includes none that is later than it; only of the very moment it was seen at, or where we
    do not know when that was, can there be a doubt.
    """
    doubtful = [change for change in changes if as_of is None or change.at == as_of]
    if not doubtful or agrees(rating, doubtful[0].old):
        return 0
    fits = (n for n, c in enumerate(doubtful, 1) if agrees(rating, c.new))
    return next(fits, 0)


def _clear(
    rating: CreditRating, news: Sequence[Change], told: int, report: CreditRating
) -> int | None:
    """Return how many changes are clear as they were told, where what follows them is not.

    `rating` is where the first `told` lead to. A change of which one side was not told may be
    half of one, if what follows does not begin where it ended, or takes it back as it was told.
    """
    between = (n for n, two in enumerate(pairwise(news)) if _may_hide(*two))
    doubts = (_unclear(rating, news, told, report), next(between, None))
    return min((n for n in doubts if n is not None), default=None)


def _unclear(
    rating: CreditRating, news: Sequence[Change], told: int, report: CreditRating
) -> int | None:
    """Return from which change on it does not fit what follows, or what the report says."""
    unfit = news[told:]
    is_further_on = not agrees(report, news[-1].new)
    if unfit:
        moved = {fact for fact, (old, _) in unfit[0].facts.items() if not agrees(rating, old)}
    else:
        moved = {fact for fact in SIDES if getattr(report, fact) != getattr(rating, fact)}
    since = _since(news[:told], moved)
    if since < told:
        return since
    if unfit:
        return told if is_further_on or any(map(_may_be_half, unfit)) else None
    is_half = _may_be_half(news[-1]) if is_further_on else not same(rating, report)
    return told - 1 if is_half else None


def _since(changes: Sequence[Change], moved: AbstractSet[str]) -> int:
    """Return since which change nothing was told of some side that has moved by the end."""
    untold, first = moved, len(changes)
    while first and (untold := untold - changes[first - 1].facts.keys()):
        first -= 1
    return first


def _may_be_half(change: Change) -> bool:
    """Say whether of some side of a change nothing was told."""
    return not change.facts.keys() >= SIDES


def _may_hide(one: Change, back: Change) -> bool:
    """Say whether a change may have had a side that was taken back before either was told whole."""
    if one.facts.keys() | back.facts.keys() >= SIDES:
        return False
    shared = one.facts.keys() & back.facts.keys()
    return bool(shared) and all(back.facts[fact][1] == one.facts[fact][0] for fact in shared)


def _end(rating: CreditRating, found: Sequence[Found]) -> CreditRating:
    """Return the rating that what was found leads to."""
    return found[-1].rating if found else rating


def _reached(far: datetime | None, report: tuple[CreditRating, datetime]) -> datetime:
    """Return how far we are once a report was believed beyond what was told."""
    return max(far, report[1]) if far else report[1]


def _walk(rating: CreditRating, changes: Sequence[Change]) -> tuple[list[Found], int]:
    """Go from change to change as far as each begins where the last ended; say how many did."""
    found: list[Found] = []
    for told, change in enumerate(changes):
        if not agrees(rating, change.old):
            return found, told
        after = put(rating, change.new, change.at)
        if not same(after, rating):
            found.append(Found(f"notification {change.ids[0]}", after, change.at))
        rating = after
    return found, len(changes)


def _walk_on(
    rating: CreditRating, changes: Sequence[Change], report: CreditRating | None = None
) -> list[Found]:
    """Go from change to change, each time from what was told of the rating before it.

    What was never told had several sides, and the changes after it show one each; the `report`
    shows them all, where it is what the last change led to.
    """
    found: list[Found] = []
    for change in _completed(changes, report):
        before = put(rating, change.old, change.at)
        if not same(before, rating):
            found.append(Found(f"before {change.ids[0]}", before, change.at))
        rating = put(before, change.new, change.at)
        if not same(rating, before):
            found.append(Found(f"notification {change.ids[0]}", rating, change.at))
    return found


def _completed(changes: Sequence[Change], report: CreditRating | None) -> list[Change]:
    """Add to each change the sides it left as they were, where the next one shows them."""
    whole: list[Change] = []
    following = _shown(report) if report else {}
    for change in reversed(changes):
        if all(_fits(new, following.get(fact, {})) for fact, (_, new) in change.facts.items()):
            untold = {fact: (old, old) for fact, old in following.items()}
            change = replace(change, facts={**untold, **change.facts})  # noqa: PLW2901 - the same
        whole.insert(0, change)
        following = {fact: old for fact, (old, _) in change.facts.items()}
    return whole


def _fits(new: Part, old: Part) -> bool:
    """Say whether one may be followed by the other, as far as both say something."""
    return all(old.get(name, value) == value for name, value in new.items())


def _shown(report: CreditRating) -> dict[Fact, Part]:
    """Return a report side by side, as what is told begins with."""
    band: Part = {"band": report.band, "grade": report.grade}
    return {"band": band, "score": {"score": report.score}, "limit": {"limit": report.limit}}


def _compare(
    rating: CreditRating,
    far: datetime | None,
    report: tuple[CreditRating, datetime],
    *,
    patient: bool,
) -> Settled:
    """Look for what nobody told; believe it only when it is still so a poll later."""
    if same(rating, report[0]):
        return Settled((), far)
    if patient:
        return Settled((), far, look_again=True)
    return Settled(_seen(report), _reached(far, report))


def _seen(report: tuple[CreditRating, datetime]) -> tuple[Found, ...]:
    rating, at = report
    return (Found(f"report {at.isoformat()}", rating, at),)


def _with_report(found: Sequence[Found], report: CreditRating) -> tuple[Found, ...]:
    """Let the last of what was found be what the report says, with its wording."""
    return (*found[:-1], replace(found[-1], rating=report)) if found else ()


def _hold(found: Sequence[Found], last: Sequence[Change], as_of: datetime | None) -> Settled:
    """Leave the last changes for later: part of them, or another one, is still to be told."""
    mine = {f"notification {change.ids[0]}" for change in last}
    kept = tuple(one for one in found if one.key not in mine)
    held = frozenset(number for change in last for number in change.ids)
    return Settled(kept, as_of, held=held, look_again=True)
