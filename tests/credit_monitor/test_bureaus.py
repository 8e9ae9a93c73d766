"""What every bureau's adapter promises, over real HTTP against its stand-in."""

import asyncio
from collections.abc import Iterator

import pytest
from archive import MemoryArchive
from bureau_cases import Case

from contracts.values import Band
from credit_monitor.bureaus.creditsafe import Creditsafe
from credit_monitor.bureaus.dnb import Dnb
from credit_monitor.bureaus.port import (
    Denied,
    Garbled,
    LoginRefused,
    NotRated,
    Rated,
    Subject,
    Unavailable,
    Unknown,
)
from credit_monitor.bureaus.tic import Tic
from credit_monitor.credit.changes import agrees
from standins.creditsafe.ratings import is_known
from standins.testing import StandIn


@pytest.fixture(params=["creditsafe", "dnb", "tic"])
def case(request: pytest.FixtureRequest) -> Case:
    """Return each bureau in turn."""
    found: Case = request.getfixturevalue(f"{request.param}_case")
    return found


@pytest.fixture
def creditsafe_case(creditsafe: Creditsafe, bureau: StandIn, archive: MemoryArchive) -> Case:
    creditsafe._archive = archive  # noqa: SLF001 - the fixture of older tests keeps none
    return Case(
        bureau=creditsafe,
        standin=bureau,
        archive=archive,
        good={"score": 95, "limit": 500_000},
        bad={"score": 5, "limit": None},
        bands=(Band.A, Band.NOT_RATED),
        grades=("A", "E"),
        unrated=None,
        search_path="companies",
        report_path="companies/",
    )


@pytest.fixture
def dnb_case(dnb: Dnb, dnb_bureau: StandIn, archive: MemoryArchive) -> Case:
    return Case(
        bureau=dnb,
        standin=dnb_bureau,
        archive=archive,
        good={"grade": "AAA", "score": 95, "limit": 500_000},
        bad={"grade": "C", "score": 5, "limit": 0},
        bands=(Band.A, Band.D),
        grades=("AAA", "C"),
        unrated={"grade": None},
        search_path="cleanseMatch",
        report_path="data/duns",
    )


@pytest.fixture
def tic_case(tic: Tic, tic_bureau: StandIn, archive: MemoryArchive) -> Case:
    return Case(
        bureau=tic,
        standin=tic_bureau,
        archive=archive,
        good={"score": 95},
        bad={"score": 5},
        bands=(Band.A, Band.D),
        grades=(None, None),
        unrated={"score": 0},
        search_path="search-public",
        report_path="credit-score",
        has_limits=False,
    )


def unknown_number() -> str:
    numbers = map(str, range(5_580_000_000, 5_580_100_000))
    return next(number for number in numbers if not is_known("SE", number))


async def test_a_report_becomes_a_rating_with_the_bureaus_own_words_kept(
    case: Case, number: str
) -> None:
    case.rate(number, case.good)
    asked = await case.subject(number)
    found = await case.bureau.report(asked, "test")
    assert isinstance(found, Rated)
    rating = found.rating
    assert (rating.bureau, rating.reference) == (case.bureau.name, asked.reference)
    assert (rating.band, rating.grade, rating.score) == (case.bands[0], case.grades[0], "95")
    if case.has_limits:
        assert rating.limit
        assert (str(rating.limit.amount), rating.limit.currency) == ("500000", "SEK")
    assert found.as_of.tzinfo is None


async def test_a_report_is_kept_as_it_came_before_it_is_read(case: Case, number: str) -> None:
    asked = await case.subject(number)
    case.misbehave(fail="garbage", path=case.report_path)
    with pytest.raises(Garbled):
        await case.bureau.report(asked, "test")
    assert [ours for ours, _ in case.archive.reports] == [asked.ours]
    assert b"upgraded" in case.archive.reports[0][1]


@pytest.mark.parametrize("case", ["dnb", "tic"], indirect=True)
async def test_who_is_not_rated_is_said_to_be_so(case: Case, number: str) -> None:
    """Creditsafe has a letter for it."""
    assert case.unrated
    case.rate(number, case.unrated)
    assert isinstance(await case.bureau.report(await case.subject(number), "test"), NotRated)


async def test_an_unknown_number_is_an_answer(case: Case) -> None:
    assert await case.bureau.find("SE", unknown_number()) is None


async def test_a_near_miss_is_not_taken_for_the_company(case: Case, numbers: Iterator[str]) -> None:
    first = next(numbers)
    neighbour = f"{first[:-1]}{(int(first[-1]) + 1) % 10}"
    assert await case.bureau.find("SE", first) != await case.bureau.find("SE", neighbour)


async def test_an_unknown_reference_is_an_answer(case: Case, number: str) -> None:
    gone = Subject("SE", number, "000000000")
    assert await case.bureau.report(gone, "test") == Unknown()


async def test_a_refusal_for_one_company_is_an_answer(case: Case, number: str) -> None:
    asked = await case.subject(number)
    case.misbehave(status=403, path=case.report_path)
    assert await case.bureau.report(asked, "test") == Denied()


@pytest.mark.parametrize("fail", ["garbage", "truncate", "wrong-company", "partial"])
async def test_a_report_that_makes_no_sense_is_not_believed(
    case: Case, number: str, fail: str
) -> None:
    asked = await case.subject(number)
    case.misbehave(fail=fail, path=case.report_path)
    with pytest.raises(Garbled):
        await case.bureau.report(asked, "test")


async def test_a_report_whose_answer_was_lost_is_not_bought_again_unasked(
    case: Case, number: str
) -> None:
    asked = await case.subject(number)
    case.misbehave(fail="truncate", path=case.report_path)
    with pytest.raises(Garbled):
        await case.bureau.report(asked, "test")
    assert case.sold(number) == 1


async def test_a_portfolio_is_made_once_and_tells_of_changes(case: Case, number: str) -> None:
    made, asked = await case.watched(number)
    assert await case.bureau.watch(made, asked.reference, "acme:1"), "it is there already"
    case.rate(number, case.good)
    await case.read()
    case.rate(number, case.bad)
    told = await case.told(made)
    assert told
    assert {one.reference for one in told} == {asked.reference}
    for one in told:
        old = case.bureau.part(one.fact, one.old, "SE")
        new = case.bureau.part(one.fact, one.new, "SE")
        if one.fact == "band":
            assert (old["grade"], new["grade"]) == case.grades
        if one.fact == "score":
            assert (old["score"], new["score"]) == ("95", "5")


async def test_whoever_is_let_go_is_not_told_of(case: Case, number: str) -> None:
    made, asked = await case.watched(number)
    case.rate(number, case.good)
    await case.read()
    await case.bureau.unwatch(made, asked.reference)
    await case.bureau.unwatch(made, asked.reference)
    case.rate(number, case.bad)
    assert await case.told(made) == []


async def test_what_is_told_twice_has_one_id(case: Case, number: str) -> None:
    made, _ = await case.watched(number)
    case.rate(number, case.good)
    await case.read()
    case.misbehave(repeat=2, reorder=True)
    case.rate(number, case.bad)
    told = await case.told(made)
    again = await case.read(again=True)
    assert {one.id for one in again.notices if one.portfolio == made} <= case.before
    assert len({(one.fact, one.new) for one in told}) == len({one.id for one in told})


async def test_who_is_in_a_portfolio_can_be_listed_at_no_cost(
    case: Case, numbers: Iterator[str]
) -> None:
    made = await case.portfolio()
    chosen = [await case.subject(next(numbers)) for _ in range(3)]
    for one in chosen:
        assert await case.bureau.entry(made, one.reference) is None
        await case.bureau.watch(made, one.reference, f"acme:{one.number}")
    listed = await case.bureau.listed(made)
    assert listed is not None
    assert {one.reference for one in listed} == {one.reference for one in chosen}
    assert all(
        one.ours in {None, f"acme:{n.number}"}
        for one in listed
        for n in chosen
        if one.reference == n.reference
    )
    found = await case.bureau.report(chosen[0], "test")
    entry = await case.bureau.entry(made, chosen[0].reference)
    assert entry
    assert isinstance(found, Rated | NotRated)
    if isinstance(found, Rated):
        assert agrees(found.rating, entry.told)
    assert case.sold(chosen[1].number) == 0


async def test_a_portfolio_that_is_not_there_is_said_to_be_so(case: Case, number: str) -> None:
    asked = await case.subject(number)
    assert await case.bureau.listed("4711") is None
    assert not await case.bureau.watch("4711", asked.reference, "acme:1")


async def test_a_token_that_expires_is_renewed_once_in_the_middle(case: Case, number: str) -> None:
    await case.bureau.find("SE", number)
    case.misbehave(expire_tokens=True)
    assert await case.bureau.find("SE", number)


@pytest.mark.parametrize(
    "trouble",
    [{"status": 500}, {"status": 429}, {"status": 429, "retry_after": 0.1}, {"fail": "disconnect"}],
)
async def test_trouble_that_passes_is_waited_for(
    case: Case, number: str, trouble: dict[str, object]
) -> None:
    case.misbehave(**trouble, path=case.search_path)
    assert await case.bureau.find("SE", number)


async def test_trouble_that_lasts_is_told_with_how_long_it_wants(case: Case, number: str) -> None:
    case.misbehave(status=429, retry_after=600, path=case.search_path, times=None)
    with pytest.raises(Unavailable) as busy:
        await case.bureau.find("SE", number)
    assert busy.value.retry_after == 600


async def test_callers_at_once_share_one_login(case: Case, numbers: Iterator[str]) -> None:
    found = await asyncio.gather(*(case.bureau.find("SE", next(numbers)) for _ in range(8)))
    assert all(found)


async def test_a_refused_login_is_not_tried_again(case: Case, number: str) -> None:
    case.misbehave(status=401, times=None)
    for _ in range(4):
        with pytest.raises(LoginRefused):
            await case.bureau.find("SE", number)
