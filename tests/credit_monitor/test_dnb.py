"""D&B alone: a queue that is read once, answers that are not whole, companies that are pending."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from archive import MemoryArchive

from chassis.edge import new_id
from contracts.values import Band
from credit_monitor.bureaus import dnb_registrations
from credit_monitor.bureaus.dnb import Dnb
from credit_monitor.bureaus.dnb_told import told_in
from credit_monitor.bureaus.dnb_values import notice_id, part
from credit_monitor.bureaus.dnb_wire import DataAnswer
from credit_monitor.bureaus.port import Batch, NotRated, Rated, Reading, Subject, Unavailable
from credit_monitor.bureaus.reading import read as understood
from standins.testing import StandIn

LISTED_SECONDS = 0.1
"""For so long a list counts here; in earnest it is thirty seconds."""
SECONDS_MAX = 20.0


async def registered(dnb: Dnb, standin: StandIn, number: str) -> tuple[str, str]:
    """Register a company in a registration of its own."""
    made = await dnb.open_portfolio(f"kundvakt-{new_id()}")
    duns = await dnb.find("SE", number)
    assert duns
    change(standin, number, grade="A", score=50)
    assert await dnb.watch(made, duns, "acme:1")
    return made, duns


async def read(dnb: Dnb, archive: MemoryArchive, made: str, *, again: bool = False) -> Batch:
    batch = await dnb.notices(Reading(None, [made], again=again))
    archive.settle(batch)
    return batch


def change(standin: StandIn, number: str, **rating: object) -> None:
    standin.control("POST", f"companies/SE/{number}", dict(rating))


@pytest.mark.parametrize(
    ("grade", "band"),
    [
        ("AAA", Band.A),
        ("AA", Band.B),
        ("A", Band.B),
        ("AN", Band.C),
        ("B", Band.C),
        ("C", Band.D),
        ("", Band.NOT_RATED),
        ("ZZ", Band.NOT_RATED),
    ],
)
def test_bands_come_from_the_nordic_grade(grade: str, band: Band) -> None:
    assert part("band", grade) == {"band": band, "grade": grade or None}


async def test_a_list_where_others_have_a_grade_is_no_grade(
    dnb: Dnb, dnb_bureau: StandIn, number: str
) -> None:
    change(dnb_bureau, number, grade=None)
    duns = await dnb.find("SE", number)
    assert duns
    assert isinstance(await dnb.report(Subject("SE", number, duns), "test"), NotRated)
    change(dnb_bureau, number, grade="AA", score=None)
    found = await dnb.report(Subject("SE", number, duns), "test")
    assert isinstance(found, Rated)
    assert (found.rating.grade, found.rating.score) == ("AA", None)


async def test_what_is_read_is_gone_and_can_be_read_again_for_two_weeks(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, number: str
) -> None:
    made, _ = await registered(dnb, dnb_bureau, number)
    change(dnb_bureau, number, grade="C", score=3)
    first = await read(dnb, archive, made)
    assert {one.fact for one in first.notices} == {"band", "score"}
    assert (await read(dnb, archive, made)).notices == []
    again = await read(dnb, archive, made, again=True)
    assert {one.id for one in again.notices} == {one.id for one in first.notices}


async def test_what_was_lost_on_its_way_is_told_when_it_is_read_again(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, number: str
) -> None:
    made, duns = await registered(dnb, dnb_bureau, number)
    change(dnb_bureau, number, grade="C", score=3)
    dnb_bureau.control("POST", "faults", {"fail": "disconnect", "path": "notifications"})
    told = await read(dnb, archive, made, again=True)
    assert {one.reference for one in told.notices} == {duns}


async def test_an_answer_that_is_cut_short_is_kept_for_people_and_read_again_at_once(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, number: str
) -> None:
    made, duns = await registered(dnb, dnb_bureau, number)
    change(dnb_bureau, number, grade="C", score=3)
    dnb_bureau.control("POST", "faults", {"fail": "truncate", "path": "notifications"})
    told = await read(dnb, archive, made)
    assert {one.reference for one in told.notices} == {duns}
    assert len(told.unreadable) == 1
    assert told.unreadable[0] not in told.raw


async def test_not_read_again_it_would_be_lost(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, number: str
) -> None:
    made, _ = await registered(dnb, dnb_bureau, number)
    change(dnb_bureau, number, grade="C", score=3)
    path = f"v1/monitoring/registrations/{made}/notifications"
    status, _ = await dnb._line.call("lost", "GET", path)  # noqa: SLF001 - a reader that dies
    assert status == 200
    assert (await read(dnb, archive, made)).notices == []
    assert (await read(dnb, archive, made, again=True)).notices


async def test_what_a_dead_process_kept_unread_is_read_first(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, number: str
) -> None:
    made, duns = await registered(dnb, dnb_bureau, number)
    change(dnb_bureau, number, grade="C", score=3)
    await dnb.notices(Reading(None, [made]))
    told = await read(dnb, archive, made)
    assert {one.reference for one in told.notices} == {duns}
    assert (await read(dnb, archive, made)).notices == []


async def test_more_than_one_answer_holds_are_all_read(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, number: str
) -> None:
    made, _ = await registered(dnb, dnb_bureau, number)
    dnb_bureau.control("POST", "faults", {"reissue": 20})
    for score in range(1, 12):
        change(dnb_bureau, number, score=score)
    told = await read(dnb, archive, made)
    assert [one.new for one in told.notices if one.fact == "score"][::21] == [
        str(score) for score in range(1, 12)
    ]
    assert len({one.id for one in told.notices}) == 11


async def test_who_was_only_accepted_is_not_believed_until_he_is_listed(
    dnb: Dnb, dnb_bureau: StandIn, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dnb_registrations, "LISTED_SECONDS", LISTED_SECONDS)
    dnb_bureau.control("POST", "faults", {"pending_seconds": 0.3})
    made = await dnb.open_portfolio(f"kundvakt-{new_id()}")
    duns = await dnb.find("SE", number)
    assert duns
    with pytest.raises(Unavailable, match="not there yet"):
        await dnb.watch(made, duns, "acme:1")
    async with asyncio.timeout(SECONDS_MAX):
        while await dnb.entry(made, duns) is None:  # noqa: ASYNC110 - bureaus set no event
            await asyncio.sleep(LISTED_SECONDS)
    assert await dnb.watch(made, duns, "acme:1")


async def test_a_merged_company_is_told_with_its_successor(
    dnb: Dnb, archive: MemoryArchive, dnb_bureau: StandIn, numbers: Iterator[str]
) -> None:
    number = next(numbers)
    made, duns = await registered(dnb, dnb_bureau, number)
    successor = f"{int(number) % 10**9:09d}"
    dnb_bureau.control("POST", f"companies/SE/{number}/merged-into/{successor}")
    told = await read(dnb, archive, made)
    assert [(one.reference, one.successor) for one in told.moved] == [(duns, successor)]
    assert told.notices == []


def test_a_merger_that_does_not_say_into_whom_is_a_hint_to_look() -> None:
    merged = {
        "type": "TRANSFER",
        "organization": {"duns": "999000011"},
        "elements": [],
        "deliveryTimeStamp": "2026-09-14T04:00:00Z",
    }
    told = told_in("ours", orjson.dumps({"notifications": [merged]}), new_id())
    assert told.moved == ()
    assert [(one.reference, one.fact) for one in told.notices] == [("999000011", "other")]


@pytest.mark.parametrize("nothing", [None, []])
def test_a_report_that_recommends_no_limit_is_a_report(nothing: object) -> None:
    assessment = {
        "nordicAAARating": {"rating": "AA"},
        "creditLimitRecommendation": {"maximumRecommendedLimit": nothing},
    }
    company = {"duns": "999000011", "registrationNumbers": None, "dnbAssessment": assessment}
    said: DataAnswer = understood(DataAnswer, {"organization": company})
    rating = said.rating("dnb", "999000011", date(2026, 9, 14))
    assert rating
    assert (rating.grade, rating.limit) == ("AA", None)


async def test_many_who_are_looked_for_together_are_listed_once(
    dnb: Dnb, dnb_bureau: StandIn, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, duns = await registered(dnb, dnb_bureau, number)
    asked: list[str] = []
    call = dnb._line.call  # noqa: SLF001 - what is asked of D&B is what this is about

    async def counted(name: str, *rest: Any, **more: Any) -> Any:
        asked.append(name)
        return await call(name, *rest, **more)

    monkeypatch.setattr(dnb._line, "call", counted)  # noqa: SLF001 - the same
    found = await asyncio.gather(*(dnb.entry(made, duns) for _ in range(5)))
    assert all(found)
    assert asked == ["portfolio-export"]
    await dnb.unwatch(made, duns)
    assert await dnb.entry(made, duns) is None


def test_one_notification_that_makes_no_sense_does_not_hide_the_others() -> None:
    whole = {
        "type": "UPDATE",
        "organization": {"duns": "999000011"},
        "elements": [
            {
                "element": "organization.dnbAssessment.nordicAAARating.rating",
                "previous": "AA",
                "current": "B",
                "timestamp": "2026-09-13T22:00:00Z",
            }
        ],
        "deliveryTimeStamp": "2026-09-14T04:00:00Z",
    }
    broken = {"type": "UPDATE", "organization": {}}
    kept = new_id()
    told = told_in("r", orjson.dumps({"notifications": [broken, whole, 7]}), kept)
    (one,) = told.notices
    assert (one.fact, one.old, one.new) == ("band", "AA", "B")
    assert one.at == datetime(2026, 9, 13, 22, tzinfo=UTC).replace(tzinfo=None)
    assert kept in told.unreadable
    assert told.batch().raw == ()


def test_a_notification_is_known_again_by_what_it_says() -> None:
    assert notice_id("a", "b") == notice_id("a", "b")
    assert notice_id("a", "b") != notice_id("ab", "")
    assert 0 <= notice_id("a") < 2**63
