"""A company's credit, told as sentences."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some

from chassis.decider import Rejected
from chassis.testing import scenario
from contracts.credit_monitor import (
    CompanyRated,
    CreditCheckFailed,
    CreditRatingChanged,
    MonitoringExcluded,
    MonitoringStarted,
    MonitoringStopped,
)
from contracts.examples import example
from contracts.values import Band
from credit_monitor.credit.model import CreditCommand, credits_
from credit_monitor.credit.state import Credit
from credit_monitor.credit.wishes import (
    ExcludeFromWatch,
    RecordChange,
    RecordFailure,
    RecordRating,
    StartWatch,
    StopWatch,
)

given = scenario(credits_)
rated, changed = example(CompanyRated), example(CreditRatingChanged)
ID = rated.company_id
WISH: dict[str, Any] = {
    "command_id": UUID(int=1),
    "tenant": "demo",
    "by": "system:credit-watch",
    "at": "2026-11-23T06:00:00Z",
    "correlation": UUID(int=2),
    "company_id": ID,
}
rate = RecordRating(**WISH, rating=rated.rating, purpose=rated.purpose)
change = RecordChange(**WISH, rating=changed.new)
fail = RecordFailure(**WISH, bureau="creditsafe", code="not-rated", message="Not rated.")
start, stop = StartWatch(**WISH, bureau="creditsafe"), StopWatch(**WISH, cause="ARCHIVED")
exclude = ExcludeFromWatch(**WISH, cause="LEGAL_FORM")
started = MonitoringStarted(company_id=ID, bureau="creditsafe", cause="RATED")
stopped = MonitoringStopped(company_id=ID, cause="ARCHIVED")
excluded = MonitoringExcluded(company_id=ID, cause="LEGAL_FORM")
failed = CreditCheckFailed(
    company_id=ID, bureau="creditsafe", code="not-rated", message="Not rated."
)


def test_a_company_is_rated_once() -> None:
    given().when(rate).then(rated)
    given(rated).when(rate).then_nothing()


def test_a_second_report_that_says_otherwise_is_a_change() -> None:
    other = rate.model_copy(update={"rating": changed.new})
    given(rated).when(other).then(changed)


def test_another_number_at_the_bureau_is_rated_for_the_first_time() -> None:
    other = rated.rating.model_copy(update={"reference": "SE-X-1"})
    wish = rate.model_copy(update={"rating": other})
    given(rated).when(wish).then(rated.model_copy(update={"rating": other}))


def test_a_change_of_rating_is_told_with_old_and_new() -> None:
    given(rated, started).when(change).then(changed)


def test_a_change_by_another_version_of_the_model_is_the_models() -> None:
    by_model = changed.new.model_copy(update={"model": "SE-2027.1"})
    told = changed.model_copy(update={"new": by_model, "cause": "MODEL"})
    given(rated).when(change.model_copy(update={"rating": by_model})).then(told)


def test_where_a_bureau_names_no_version_a_change_is_the_companys() -> None:
    unnamed = changed.new.model_copy(update={"model": None})
    told = changed.model_copy(update={"new": unnamed})
    given(rated).when(change.model_copy(update={"rating": unnamed})).then(told)


def test_another_version_that_says_the_same_is_no_change() -> None:
    same = rated.rating.model_copy(update={"model": "SE-2027.1"})
    given(rated).when(change.model_copy(update={"rating": same})).then_nothing()


def test_the_same_rating_in_other_words_is_no_change() -> None:
    reworded = rated.rating.model_copy(update={"text": "Fine", "rated_on": changed.new.rated_on})
    given(rated).when(change.model_copy(update={"rating": reworded})).then_nothing()


def test_a_change_there_and_back_is_two_changes() -> None:
    back = change.model_copy(update={"rating": rated.rating})
    both = changed.model_copy(update={"old": changed.new, "new": rated.rating})
    given(rated, changed).when(back).then(both)


def test_a_change_of_a_number_left_behind_is_not_told() -> None:
    old = changed.new.model_copy(update={"reference": "SE-X-1"})
    given(rated).when(change.model_copy(update={"rating": old})).then_nothing()
    given().when(change).then_nothing()


def test_a_rated_company_is_watched_once() -> None:
    given(rated).when(start).then(started)
    given(rated, started).when(start).then_nothing()


def test_a_company_that_was_never_rated_is_not_watched() -> None:
    given().when(start).then_rejected("credit-not-rated")
    given(rated, failed, excluded).when(start).then_rejected("credit-not-rated")


def test_a_watch_ends_once_and_can_begin_again() -> None:
    given(rated, started).when(stop).then(stopped)
    given(rated, started, stopped).when(stop).then_nothing()
    given(rated, started, stopped).when(start).then(started)


def test_after_another_number_the_old_rating_is_forgotten() -> None:
    moved = MonitoringStopped(company_id=ID, cause="NUMBER_CHANGED")
    given(rated, started, moved).when(rate).then(rated)


def test_a_company_that_may_not_be_checked_is_excluded_once() -> None:
    given().when(exclude).then(excluded)
    given(excluded).when(exclude).then_nothing()


def test_excluding_ends_a_watch() -> None:
    given(rated, started).when(exclude).then(excluded)
    assert not credits_.fold([rated, started, excluded]).watched


def test_a_company_the_bureau_will_not_rate_is_not_watched_and_that_is_said_once() -> None:
    none = MonitoringExcluded(company_id=ID, cause="NOT_RATED")
    given().when(fail).then(failed, none)
    given(failed, none).when(fail).then_nothing()
    other = failed.model_copy(update={"code": "unknown-at-bureau"})
    wish = fail.model_copy(update={"code": "unknown-at-bureau"})
    given(failed, none).when(wish).then(other)


def test_a_rating_after_a_failure_makes_good() -> None:
    none = MonitoringExcluded(company_id=ID, cause="NOT_RATED")
    given(failed, none).when(rate).then(rated)
    assert credits_.fold([failed, none, rated]) == Credit(rating=rated.rating)


def test_no_longer_being_rated_is_a_change_too() -> None:
    gone = rated.rating.model_copy(update={"band": Band.NOT_RATED, "grade": None, "score": None})
    given(rated, started).when(change.model_copy(update={"rating": gone})).then(
        CreditRatingChanged(company_id=ID, old=rated.rating, new=gone, cause="COMPANY")
    )


wishes: list[CreditCommand] = [rate, change, fail, start, stop, exclude]


@forall(some.lists(some.sampled_from(wishes)), some.sampled_from(wishes))
def test_asking_again_adds_nothing(past: list[CreditCommand], command: CreditCommand) -> None:
    credit = credits_.initial
    for wish in (*past, command):
        try:
            credit = _after(wish, credit)
        except Rejected:
            continue
    try:
        assert list(credits_.decide(command, credit)) == []
    except Rejected:
        assert command is start


def _after(wish: CreditCommand, credit: Credit) -> Credit:
    for event in credits_.decide(wish, credit):
        credit = credits_.evolve(credit, event)
    return credit


@pytest.mark.parametrize("wish", wishes, ids=lambda wish: str(wish.type))
def test_every_wish_is_about_the_company(wish: CreditCommand) -> None:
    assert (wish.stream_id, wish.aggregate) == (ID, "credit")
