"""A portfolio held against what it should hold, and the night in which that is done."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import strategies as some

from contracts.values import Band, CreditRating, Money
from credit_monitor.bureaus.port import Member
from credit_monitor.reconciling.reconcile import Drift, Expected, compare, is_due, night_of

TENANT = "north"
ALM, BERG, CED = UUID(int=1), UUID(int=2), UUID(int=3)
MOMENTS = some.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 - strategies want them bare
TENANTS = some.sampled_from(["north", "south", "t-1", "å"])


def rating(reference: str, score: int = 60, limit: int = 100) -> CreditRating:
    return CreditRating(
        bureau="creditsafe",
        reference=reference,
        band=Band.B,
        score=str(score),
        limit=Money(amount=Decimal(limit), currency="SEK"),
        rated_on=date(2026, 11, 1),
    )


def listed(reference: str, score: int = 60) -> Expected:
    return Expected(
        watched=True, listed="yes", reference=reference, rating=rating(reference, score)
    )


def there(reference: str, company: UUID | str, score: int = 60, tenant: str = TENANT) -> Member:
    return Member(reference, f"{tenant}:{company}", {"score": str(score), "band": Band.B})


def drift(ours: dict[UUID, Expected], *members: Member) -> dict[str, tuple[object, ...]]:
    found = compare(TENANT, ours, members, ours)
    kinds = {kind: getattr(found, kind) for kind in found.counts}
    return {kind: which for kind, which in kinds.items() if which}


def test_where_nothing_differs_nothing_follows() -> None:
    assert drift({ALM: listed("a"), BERG: listed("b")}, there("a", ALM), there("b", BERG)) == {}


def test_who_is_watched_and_not_there_is_missing() -> None:
    assert drift({ALM: listed("a"), BERG: listed("b")}, there("b", BERG)) == {"missing": (ALM,)}


def test_who_is_watched_and_listed_nowhere_is_missing_too() -> None:
    assert drift({ALM: Expected(watched=True)}) == {"missing": (ALM,)}
    assert drift({ALM: Expected(watched=False)}) == {}


def test_whom_we_put_there_and_no_longer_list_is_left_over() -> None:
    assert drift({}, there("a", ALM)) == {"leftover": ("a",)}


@pytest.mark.parametrize(
    "ours",
    ["", "customer 17", f"south:{ALM}", f"north:{ALM} ", "north:17", f"north:{ALM}:x", f"{ALM}"],
)
def test_whom_somebody_else_put_there_stays(ours: str) -> None:
    assert drift({}, Member("a", ours, {})) == {"strangers": ("a",)}


def test_who_is_rated_otherwise_than_was_recorded_has_moved() -> None:
    assert drift({ALM: listed("a", 60)}, there("a", ALM, 15)) == {"moved": (ALM,)}


def test_what_the_portfolio_does_not_show_is_no_difference() -> None:
    assert drift({ALM: listed("a")}, Member("a", f"{TENANT}:{ALM}", {})) == {}


def test_who_is_perhaps_listed_is_decided() -> None:
    maybe = Expected(watched=False, listed="maybe", reference="a")
    assert drift({ALM: maybe}, there("a", ALM)) == {"undecided": (ALM,)}
    assert drift({ALM: maybe}) == {"undecided": (ALM,)}


def test_one_reference_listed_for_another_company_is_not_left_over() -> None:
    assert drift({BERG: listed("a")}, there("a", ALM)) == {}


def test_what_changed_while_the_list_was_read_is_not_judged() -> None:
    gone = compare(TENANT, {ALM: listed("a")}, [there("a", ALM)], {})
    come = compare(TENANT, {}, [], {ALM: listed("a")})
    settled = compare(TENANT, {ALM: listed("a")}, [there("a", ALM, 15)], {ALM: listed("a", 15)})
    assert gone.counts == come.counts == settled.counts == Drift().counts


def test_judged_by_what_we_have_afterwards_alone_a_new_company_would_seem_missing() -> None:
    after = {ALM: listed("a")}
    assert compare(TENANT, after, [], after).missing == (ALM,)


@forall(
    some.dictionaries(
        some.sampled_from([ALM, BERG, CED]),
        some.builds(
            Expected,
            watched=some.booleans(),
            listed=some.sampled_from(["no", "maybe", "yes"]),
            reference=some.sampled_from(["a", "b", "c"]),
            rating=some.sampled_from([None, rating("a"), rating("b", 15)]),
        ),
    ),
    some.lists(
        some.builds(
            there,
            some.sampled_from(["a", "b", "c", "d"]),
            some.sampled_from([ALM, BERG, "x"]),
            some.sampled_from([15, 60]),
        )
    ),
)
def test_nobody_is_taken_out_whom_we_list_and_nobody_both_put_back_and_looked_at(
    ours: dict[UUID, Expected], members: list[Member]
) -> None:
    found = compare(TENANT, ours, members, ours)
    assert not {one.reference for one in ours.values()} & set(found.leftover)
    assert not set(found.missing) & {*found.moved, *found.undecided}
    assert found == compare(TENANT, ours, reversed(members), ours) or len(
        {one.reference for one in members}
    ) < len(members)


# The night


@forall(MOMENTS, some.timedeltas(timedelta(0), timedelta(days=400)), TENANTS)
def test_time_that_goes_on_never_goes_back_a_night(
    moment: datetime, later: timedelta, tenant: str
) -> None:
    first, then = (night_of(at, tenant, "x") for at in (moment, moment + later))
    assert timedelta(0) <= then - first <= later + timedelta(days=1)


@pytest.mark.parametrize(
    "begins",
    [
        datetime(2026, 3, 27, tzinfo=UTC),  # summer begins on the 29th
        datetime(2026, 10, 23, tzinfo=UTC),  # and ends on the 25th
        datetime(2028, 2, 27, tzinfo=UTC),  # a leap day
        datetime(2027, 12, 30, tzinfo=UTC),
        datetime(2038, 1, 17, tzinfo=UTC),  # 32 bits end on the 19th
    ],
    ids=str,
)
def test_looked_at_every_minute_each_night_is_due_once(begins: datetime) -> None:
    last, nights = night_of(begins, TENANT, "x"), []
    for minute in range(5 * 24 * 60):
        moment = begins + timedelta(minutes=minute)
        if is_due(last, moment, TENANT, "x"):
            last = night_of(moment, TENANT, "x")
            nights.append(last)
    assert nights == [begins.date() + timedelta(days=n) for n in range(5)]


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1)])
@forall(moment=MOMENTS)
def test_a_clock_that_jumps_there_and_back_repeats_no_night(
    jump: timedelta, moment: datetime
) -> None:
    moments = [moment + timedelta(minutes=10 * n) for n in range(200)]
    clock = [at + (jump if 60 <= n < 120 else timedelta(0)) for n, at in enumerate(moments)]
    last, nights = night_of(clock[0], TENANT, "x"), []
    for at in clock:
        if is_due(last, at, TENANT, "x"):
            last = night_of(at, TENANT, "x")
            nights.append(last)
    assert nights == sorted(set(nights))
    assert last >= night_of(moments[-1], TENANT, "x")


def test_if_what_was_done_were_not_kept_a_clock_set_back_would_repeat_a_night() -> None:
    at = datetime(2026, 11, 27, 0, tzinfo=UTC)
    nights = [night_of(at + timedelta(hours=n), TENANT, "x") for n in (23, 24, 25, 28, 24, 28)]
    changes = [n for n, before in zip(nights[1:], nights, strict=False) if n > before]
    assert len(changes) > len(set(changes))


def test_nights_slept_through_are_made_up_for_once() -> None:
    last, moment = date(2026, 11, 20), datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert is_due(last, moment, TENANT, "x")
    assert not is_due(night_of(moment, TENANT, "x"), moment, TENANT, "x")


def test_tenants_are_spread_over_the_night() -> None:
    at = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    nights = [night_of(at, f"tenant-{n}", "creditsafe") for n in range(200)]
    assert 60 < nights.count(date(2026, 11, 27)) < 140
