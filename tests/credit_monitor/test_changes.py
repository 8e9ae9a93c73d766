"""How notifications become changes: each once and in order, however they come."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as some

from contracts.credit_monitor import CompanyRated
from contracts.examples import example
from contracts.values import Band, CreditRating, Money
from credit_monitor.bureaus.creditsafe_values import part
from credit_monitor.credit.changes import (
    Fact,
    Told,
    changes_of,
    is_as_seen,
    looked_at,
    seen_as,
    sides,
    since_when,
)
from credit_monitor.credit.settlement import Settled, settle
from credit_monitor.credit.state import same

NOON = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - the bureau's clock has no zone
BANDS = ((71, "A"), (51, "B"), (30, "C"), (21, "D"), (0, "E"))


def rated(score: int, limit: int = 100) -> CreditRating:
    band = next(letter for least, letter in BANDS if score >= least)
    money = Money(amount=Decimal(limit), currency="SEK")
    told = {"band": Band(band), "grade": band, "score": str(score), "limit": money}
    return example(CompanyRated).rating.model_copy(update=told)


@dataclass
class AtTheBureau:
    """A bureau that changes a company's rating and tells of it."""

    rating: CreditRating
    told: list[Told] = field(default_factory=list)
    at: datetime = NOON

    def change(self, score: int, limit: int = 100) -> list[Told]:
        old, self.rating = self.rating, rated(score, limit)
        self.at += timedelta(seconds=1)
        facts: list[tuple[Fact, str | None, str | None]] = [
            ("band", old.grade, self.rating.grade),
            ("limit", _amount(old), _amount(self.rating)),
            ("score", old.score, self.rating.score),
        ]
        changed = [fact for fact in facts if fact[1] != fact[2]]
        told = [
            Told(
                len(self.told) + n,
                self.at,
                fact,
                part(fact, before or "", "SE"),
                part(fact, after or "", "SE"),
            )
            for n, (fact, before, after) in enumerate(changed, 1)
        ]
        self.told += told
        return told


def _amount(rating: CreditRating) -> str:
    return f"{rating.limit.amount:f}" if rating.limit else ""


@dataclass
class Ours:
    """What we have recorded, and how far we are."""

    bureau: AtTheBureau
    rating: CreditRating
    as_of: datetime | None = None
    recorded: list[CreditRating] = field(default_factory=list)
    held: list[Told] = field(default_factory=list)

    def settle(self, told: list[Told], *, patient: bool = True) -> Settled:
        pending = [*self.held, *told]
        report = (self.bureau.rating, self.bureau.at)
        settled = settle(self.rating, self.as_of, changes_of(pending), report, patient=patient)
        for found in settled.found:
            if not same(found.rating, self.rating):
                self.rating = found.rating
                self.recorded.append(found.rating)
        self.as_of = settled.as_of
        self.held = [one for one in pending if one.id in settled.held]
        return settled


def bureau_and_us(score: int = 60) -> tuple[AtTheBureau, Ours]:
    bureau = AtTheBureau(rated(score))
    return bureau, Ours(bureau, bureau.rating)


def test_notifications_of_one_moment_are_one_change() -> None:
    bureau, us = bureau_and_us()
    told = bureau.change(15, 5)
    assert [one.fact for one in told] == ["band", "limit", "score"]
    assert not us.settle(told).look_again
    assert us.recorded == [bureau.rating]


def test_the_last_change_takes_the_report_with_its_wording() -> None:
    bureau, us = bureau_and_us()
    told = bureau.change(15)
    worded = bureau.rating.model_copy(update={"text": "Very high risk"})
    bureau.rating = worded
    us.settle(told)
    assert us.recorded == [worded]


def test_several_changes_since_the_last_poll_are_told_one_by_one() -> None:
    bureau, us = bureau_and_us()
    told = [one for score in (15, 95, 40) for one in bureau.change(score)]
    us.settle(told[::-1])
    assert [rating.score for rating in us.recorded] == ["15", "95", "40"]
    assert [rating.band for rating in us.recorded] == ["E", "A", "C"]


def test_there_and_back_within_one_poll_is_two_changes() -> None:
    bureau, us = bureau_and_us()
    told = [*bureau.change(15, 5), *bureau.change(60)]
    assert not us.settle(told).look_again
    assert [rating.score for rating in us.recorded] == ["15", "60"]


def test_there_and_back_that_may_be_halves_is_told_a_poll_later() -> None:
    bureau, us = bureau_and_us()
    told = [*bureau.change(15), *bureau.change(60)]
    assert us.settle(told).look_again
    assert us.recorded == []
    us.settle([], patient=False)
    assert [rating.score for rating in us.recorded] == ["15", "60"]


def test_halves_of_a_change_and_of_the_one_back_are_told_whole() -> None:
    bureau, us = bureau_and_us()
    there, back = bureau.change(15, 5), bureau.change(60)
    assert us.settle([*there[:2], *back[:2]]).look_again
    us.settle([there[2], back[2]])
    assert figures(us.recorded) == [("15", "5"), ("60", "100")]


def test_what_is_told_again_under_other_ids_is_no_change() -> None:
    bureau, us = bureau_and_us()
    told = bureau.change(15)
    us.settle(told)
    again = [Told(one.id + 100, one.at, one.fact, one.old, one.new) for one in told]
    us.settle(again)
    us.settle([*again, *bureau.change(95)])
    assert [rating.score for rating in us.recorded] == ["15", "95"]


def test_without_how_far_we_are_a_change_there_and_back_would_be_told_again() -> None:
    bureau, us = bureau_and_us()
    told = [*bureau.change(15, 5), *bureau.change(60)]
    us.settle(told)
    us.settle(told)
    assert len(us.recorded) == 2
    us.as_of = None
    us.settle(told)
    assert len(us.recorded) == 4


def test_a_late_notification_tells_nothing_that_is_known_already() -> None:
    bureau, us = bureau_and_us()
    early, late = bureau.change(15), bureau.change(95)
    us.settle(late)
    us.settle(early)
    assert [rating.score for rating in us.recorded] == ["15", "95"]


def test_a_change_that_was_never_told_is_seen_by_the_next() -> None:
    bureau, us = bureau_and_us()
    bureau.change(15)
    assert us.settle(bureau.change(95)).look_again
    us.settle([], patient=False)
    assert [rating.score for rating in us.recorded] == ["15", "95"]


def test_all_sides_of_a_change_that_was_never_told_are_one_change() -> None:
    bureau, us = bureau_and_us()
    bureau.change(0, 1)
    lost = bureau.rating
    told = [*bureau.change(25, 1), *bureau.change(25, 2)]
    us.settle(told)
    us.settle([], patient=False)
    assert len(us.recorded) == 3
    assert same(us.recorded[0], lost)


def figures(ratings: list[CreditRating]) -> list[tuple[str | None, str]]:
    return [(rating.score, _amount(rating)) for rating in ratings]


def test_what_fits_is_told_as_it_was_told_whatever_was_forgotten_after_it() -> None:
    bureau, us = bureau_and_us()
    first = bureau.change(15)
    bureau.change(65, 900)
    us.settle([*first, *bureau.change(95, 900)])
    us.settle([], patient=False)
    assert figures(us.recorded) == [("15", "100"), ("65", "900"), ("95", "900")]


def test_a_change_there_is_told_with_the_change_back_when_only_that_came_in_time() -> None:
    bureau, us = bureau_and_us()
    us.as_of = bureau.at
    late, back = bureau.change(15, 5), bureau.change(60)
    us.settle(back)
    us.settle(late)
    assert figures(us.recorded) == [("15", "5"), ("60", "100")]


def test_what_was_forgotten_is_seen_whole_once_all_that_followed_is_told() -> None:
    bureau, us = bureau_and_us()
    us.as_of = bureau.at
    bureau.change(65, 900)
    first, second = bureau.change(95, 900), bureau.change(60)
    assert us.settle(first).look_again
    us.settle(second)
    us.settle([], patient=False)
    assert figures(us.recorded) == [("65", "900"), ("95", "900"), ("60", "100")]


def test_a_report_that_knows_more_than_was_told_leaves_the_rest_to_be_told() -> None:
    bureau, us = bureau_and_us()
    first = bureau.change(15)
    second = bureau.change(95)
    assert us.settle(first).look_again
    us.settle(second)
    assert [rating.score for rating in us.recorded] == ["15", "95"]


def test_the_two_halves_of_one_change_may_come_apart() -> None:
    bureau, us = bureau_and_us()
    told = bureau.change(15, 5)
    assert us.settle(told[:1]).held
    us.settle(told[1:])
    assert us.recorded == [bureau.rating]


def test_halves_of_two_changes_are_told_whole_when_the_third_does_not_fit_them() -> None:
    bureau, us = bureau_and_us(84)
    one, two, three = bureau.change(59, 5), bureau.change(96, 9), bureau.change(59, 6)
    assert us.settle([*one[:2], *two[:2], *three]).look_again
    assert us.recorded == []
    us.settle([one[2], two[2]])
    assert figures(us.recorded) == [("59", "5"), ("96", "9"), ("59", "6")]


def test_a_report_that_says_nothing_new_leaves_what_happened_before_it_to_be_told() -> None:
    bureau, us = bureau_and_us(81)
    bureau.change(15, 5)
    first = bureau.change(60, 7)
    bureau.change(95, 9)
    back = bureau.change(60, 7)
    us.settle(first)
    us.settle(back)
    assert figures(us.recorded) == [("15", "5"), ("60", "7"), ("95", "9"), ("60", "7")]


def test_what_was_forgotten_between_two_changes_takes_nothing_from_the_later_one() -> None:
    bureau, us = bureau_and_us(75)
    bureau.change(24, 2)
    told = [one for it in ((45, 4), (80, 8), (87, 8)) for one in bureau.change(*it)]
    bureau.change(45, 4)
    told += bureau.change(16, 1)
    us.settle(told, patient=False)
    lost, end = ("24", "2"), [("45", "4"), ("16", "1")]
    assert figures(us.recorded) == [lost, ("45", "4"), ("80", "8"), ("87", "8"), *end]


def test_half_of_a_change_that_was_lost_before_is_no_change() -> None:
    bureau, us = bureau_and_us()
    bureau.change(5, 1)
    told = bureau.change(75, 7)
    assert us.settle(told[:2]).look_again
    assert us.recorded == []
    us.settle(told[2:])
    assert figures(us.recorded) == [("5", "1"), ("75", "7")]


def test_half_of_a_change_that_was_taken_back_is_no_change() -> None:
    bureau, us = bureau_and_us(4)
    there, back = bureau.change(32, 3), bureau.change(4)
    assert us.settle([*there[:2], *back]).look_again
    assert us.recorded == []
    us.settle(there[2:])
    assert figures(us.recorded) == [("32", "3"), ("4", "100")]


def test_half_of_a_change_is_waited_for_where_the_report_is_further_on() -> None:
    bureau, us = bureau_and_us(4)
    there, back = bureau.change(32, 3), bureau.change(4)
    assert us.settle(there[:2]).look_again
    us.settle([*there[2:], *back])
    assert figures(us.recorded) == [("32", "3"), ("4", "100")]


def test_what_is_seen_is_believed_when_it_is_still_so() -> None:
    seen = seen_as(sides(rated(60)))
    assert is_as_seen(seen, sides(rated(60)))
    assert is_as_seen(seen, {"score": "60"})
    assert not is_as_seen(seen, sides(rated(15)))
    assert not is_as_seen(None, sides(rated(60)))


def test_what_was_seen_is_not_believed_while_more_is_being_told() -> None:
    seen = looked_at(sides(rated(60)), NOON, [3, 14])
    assert is_as_seen(seen, sides(rated(60)), [14])
    assert not is_as_seen(seen, sides(rated(60)), [14, 15])


def test_what_is_still_so_is_so_since_it_was_first_seen() -> None:
    later = NOON + timedelta(minutes=1)
    assert since_when(looked_at(sides(rated(60)), NOON, []), later) == NOON
    assert since_when(looked_at(sides(rated(60)), None, []), later) == later


def test_the_second_half_may_never_come() -> None:
    bureau, us = bureau_and_us()
    told = bureau.change(15, 5)
    us.settle(told[:1])
    us.settle([], patient=False)
    assert us.recorded == [bureau.rating]


def test_a_change_between_the_report_and_the_watch_is_believed_a_poll_later() -> None:
    bureau, us = bureau_and_us()
    bureau.change(15)
    assert us.settle([]).look_again
    assert us.recorded == []
    us.settle([], patient=False)
    assert us.recorded == [bureau.rating]


def test_a_change_seen_before_it_was_told_is_not_told_twice() -> None:
    bureau, us = bureau_and_us()
    told = bureau.change(15)
    us.settle([], patient=False)
    us.settle(told)
    assert us.recorded == [bureau.rating]


def test_a_rule_we_do_not_read_makes_us_look() -> None:
    bureau, us = bureau_and_us()
    strange = Told(1, bureau.at, "other", {}, {})
    us.settle([strange])
    assert us.recorded == []


def test_losing_and_getting_back_a_score_are_changes() -> None:
    bureau, us = bureau_and_us()
    none = bureau.rating.model_copy(update={"band": Band.NOT_RATED, "grade": "E", "score": None})
    facts = [("band", "B", "E"), ("score", "60", "Not Rated")]
    told = [
        Told(n, NOON, fact, part(fact, old, "SE"), part(fact, new, "SE"))  # type: ignore[arg-type]
        for n, (fact, old, new) in enumerate(facts)
    ]
    bureau.rating = none
    us.settle(told)
    assert us.recorded == [none]


RATINGS = some.lists(some.tuples(some.integers(0, 100), some.integers(1, 3)), max_size=8)


@settings(max_examples=3 * settings.default.max_examples)
@forall(RATINGS, some.data())
def test_however_polls_and_repetitions_fall_each_change_is_recorded_once(
    wishes: list[tuple[int, int]], data: some.DataObject
) -> None:
    bureau, us = bureau_and_us()
    truth: list[CreditRating] = []
    unread: list[Told] = []
    seen: list[Told] = []
    for score, limit in wishes:
        told = bureau.change(score, limit)
        if told:
            truth.append(bureau.rating)
        unread += told
        if data.draw(some.booleans()):
            again = [
                Told(one.id + 1000 * len(truth), one.at, one.fact, one.old, one.new)
                for one in seen
                if data.draw(some.booleans())
            ]
            us.settle(data.draw(some.permutations([*unread, *again])))
            seen += unread
            unread = []
    us.settle(unread)
    while us.settle([], patient=False).look_again:
        pass
    assert len(us.recorded) == len(truth)
    assert all(same(ours, theirs) for ours, theirs in zip(us.recorded, truth, strict=True))


@settings(max_examples=3 * settings.default.max_examples)
@forall(RATINGS, some.data())
def test_whatever_is_late_or_lost_the_end_is_right(
    wishes: list[tuple[int, int]], data: some.DataObject
) -> None:
    bureau, us = bureau_and_us()
    late: list[Told] = []
    for score, limit in wishes:
        told = bureau.change(score, limit)
        if data.draw(some.booleans()):
            late += told
        elif data.draw(some.booleans()):
            us.settle(told, patient=data.draw(some.booleans()))
    us.settle(data.draw(some.permutations(late)))
    while us.settle([], patient=False).look_again:
        pass
    assert same(us.rating, bureau.rating)
