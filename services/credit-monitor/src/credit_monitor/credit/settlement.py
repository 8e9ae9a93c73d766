"""How what the bureau told becomes changes of a rating: each once, in order, however it came.

Several notifications of one moment are one change. Between the rating we have and the report
fetched now there may be several changes; those before the last take what was told of them, the
last takes the report. Where the first thing told of does not fit what we have, either we have it
already, or something before it was never told: then that is a change of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.values import CreditRating
from credit_monitor.credit.changes import Change, Part, agrees, put
from credit_monitor.credit.state import same


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
    last = news[-1]
    is_further_on = not agrees(report[0], last.new)
    first = _clear(_end(rating, found), news, told, further_on=is_further_on)
    if patient and first is not None:
        # What is to be told yet shows what was before these, or the other half of one.
        return _hold(found, news[first:], news[first - 1].at if first else as_of)
    if is_further_on:
        found += _walk_on(_end(rating, found), news[told:])
        return Settled(tuple(found), far, look_again=True)
    found += _walk_back(_end(rating, found), news[told:], report[0])
    is_all_told = told == len(news)
    if is_all_told and same(_end(rating, found), report[0]):
        return Settled(_with_report(found, report[0]), far)
    if is_all_told and patient:
        return _hold(found, news[-1:], news[-2].at if len(news) > 1 else as_of)
    return Settled(_with_report(found, report[0]) or _seen(report), _reached(far, report))


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
    rating: CreditRating, news: Sequence[Change], told: int, *, further_on: bool
) -> int | None:
    """Return how many changes are clear as they were told, where what follows them is not.

    `rating` is where the first `told` lead to. A change of which one side was not told may be
    half of one, if what follows does not begin where it ended.
    """
    unfit = news[told:]
    last = news[told - 1] if told else None
    if not unfit:
        return told - 1 if last and further_on and _may_be_half(last) else None
    if last and not agrees(rating, _untold(unfit[0], last)):
        return told - 1
    return told if further_on or any(map(_may_be_half, unfit)) else None


def _untold(following: Change, change: Change) -> Part:
    """Return of what a change began with, what the one before it did not tell."""
    facts = following.facts.items()
    untold = (old for fact, (old, _) in facts if fact not in change.facts)
    return {name: value for old in untold for name, value in old.items()}


def _may_be_half(change: Change) -> bool:
    """Say whether of some side of a change nothing was told."""
    return not change.facts.keys() >= {"band", "limit", "score"}


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


def _walk_on(rating: CreditRating, changes: Sequence[Change]) -> list[Found]:
    """Go from change to change, each time from what was told of the rating before it."""
    found: list[Found] = []
    for change in _completed(changes):
        before = put(rating, change.old, change.at)
        if not same(before, rating):
            found.append(Found(f"before {change.ids[0]}", before, change.at))
        rating = put(before, change.new, change.at)
        if not same(rating, before):
            found.append(Found(f"notification {change.ids[0]}", rating, change.at))
    return found


def _completed(changes: Sequence[Change]) -> list[Change]:
    """Add to each change the sides it left as they were, where the next one shows them."""
    whole: list[Change] = []
    for change in reversed(changes):
        following = whole[0].facts if whole else {}
        shared = following.keys() & change.facts.keys()
        if all(change.facts[fact][1] == following[fact][0] for fact in shared):
            untold = {fact: (old, old) for fact, (old, _) in following.items()}
            change = replace(change, facts={**untold, **change.facts})  # noqa: PLW2901 - the same
        whole.insert(0, change)
    return whole


def _walk_back(
    rating: CreditRating, changes: Sequence[Change], report: CreditRating
) -> list[Found]:
    """Go back from the report to what must have been before each change, then forth again.

    What was never told had several sides, and the changes after it show one each; the report
    shows them all.
    """
    befores: list[CreditRating] = []
    state = report
    for change in reversed(changes):
        state = put(state, change.old, change.at)
        befores.insert(0, state)
    found: list[Found] = []
    for change, before in zip(changes, befores, strict=True):
        if not same(before, rating):
            found.append(Found(f"before {change.ids[0]}", before, change.at))
        rating = put(before, change.new, change.at)
        if not same(rating, before):
            found.append(Found(f"notification {change.ids[0]}", rating, change.at))
    return found


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
