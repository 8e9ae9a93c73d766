"""Our adapter and the stand-in, over real HTTP: what the bureau does, and what it does wrong."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest

from chassis.edge import new_id
from contracts.values import Band, Money
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.creditsafe import Creditsafe
from credit_monitor.bureaus.creditsafe_values import fact_of, is_number, money, part
from credit_monitor.bureaus.logins import MemoryLogins
from credit_monitor.bureaus.port import (
    Denied,
    Garbled,
    LoginRefused,
    Notice,
    NotRated,
    Rated,
    Reading,
    Report,
    Subject,
    Unavailable,
    Unknown,
)
from credit_monitor.credit.changes import Told, agrees, changes_of
from credit_monitor.credit.settlement import settle
from standins.creditsafe.ratings import is_known, rating_of
from standins.testing import StandIn


async def subject(creditsafe: Creditsafe, number: str) -> Subject:
    reference = await creditsafe.find("SE", number)
    assert reference
    return Subject("SE", number, reference)


async def report(creditsafe: Creditsafe, number: str) -> Report:
    return await creditsafe.report(await subject(creditsafe, number), "test")


async def notices_since(creditsafe: Creditsafe, since: datetime | None) -> Sequence[Notice]:
    return (await creditsafe.notices(Reading(since))).notices


def reports_sold(bureau: StandIn, number: str) -> int:
    return [row["number"] for row in bureau.control("GET", "ledger")["reports"]].count(number)


async def portfolio(creditsafe: Creditsafe) -> str:
    return await creditsafe.open_portfolio(f"kundvakt-{new_id()}")


async def test_a_report_becomes_a_rating_with_the_bureaus_own_words_kept(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    bureau.control("POST", f"companies/SE/{number}", {"score": 63, "limit": 500_000})
    found = await report(creditsafe, number)
    assert isinstance(found, Rated)
    rating = found.rating
    assert (rating.band, rating.grade, rating.score, rating.scale) == (Band.B, "B", "63", "0-100")
    assert rating.limit == Money(amount=Decimal(500_000), currency="SEK")
    assert (rating.bureau, rating.text) == ("creditsafe", "Low Risk")
    assert found.as_of.tzinfo is None


async def test_no_limit_and_no_score_are_read_for_what_they_are(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    bureau.control("POST", f"companies/SE/{number}", {"score": None, "limit": None})
    found = await report(creditsafe, number)
    assert isinstance(found, Rated)
    assert (found.rating.band, found.rating.score) == (Band.NOT_RATED, None)
    assert found.rating.limit is None


async def test_an_unknown_number_is_an_answer(creditsafe: Creditsafe) -> None:
    numbers = map(str, range(5_580_000_000, 5_580_100_000))
    unknown = next(number for number in numbers if not is_known("SE", number))
    assert await creditsafe.find("SE", unknown) is None
    gone = Subject("SE", unknown, f"SE-X-{unknown[::-1]}")
    assert await creditsafe.report(gone, "test") == Unknown()


async def test_a_refusal_for_one_company_is_an_answer(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    asked = await subject(creditsafe, number)
    bureau.control("POST", "faults", {"status": 403})
    assert await creditsafe.report(asked, "test") == Denied()


async def test_a_portfolio_is_made_once_and_its_rules_are_on(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    name = f"kundvakt-{new_id()}"
    made = await creditsafe.open_portfolio(name)
    assert await creditsafe.open_portfolio(name) == made
    asked = await subject(creditsafe, number)
    assert await creditsafe.watch(made, asked.reference, "demo:1")
    assert await creditsafe.watch(made, asked.reference, "demo:1")
    since = datetime(2026, 1, 1)  # noqa: DTZ001 - the bureau's clock has no zone
    bureau.control("POST", f"companies/SE/{number}", {"score": 3, "limit": 7})
    told = [one for one in await notices_since(creditsafe, since) if one.portfolio == made]
    assert {one.fact for one in told} >= {"limit", "score"}
    assert {one.reference for one in told} == {asked.reference}
    assert (
        await notices_since(creditsafe, max(one.published for one in told).replace(year=2999)) == []
    )


async def test_without_the_rules_nothing_is_told(
    creditsafe: Creditsafe, connect: Connect, bureau: StandIn, number: str
) -> None:
    body = {"name": "no rules"}
    _, made = await connect.call("test", "POST", "monitoring/portfolios", json=body)
    asked = await subject(creditsafe, number)
    await creditsafe.watch(str(made["portfolioId"]), asked.reference, "demo:1")
    bureau.control("POST", f"companies/SE/{number}", {"score": 3, "limit": 7})
    told = await notices_since(creditsafe, None)
    assert not [one for one in told if one.portfolio == str(made["portfolioId"])]


async def test_who_is_in_the_portfolio_can_be_compared_at_no_cost(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    made, asked = await portfolio(creditsafe), await subject(creditsafe, number)
    assert await creditsafe.entry(made, asked.reference) is None
    await creditsafe.watch(made, asked.reference, "demo:1")
    entry = await creditsafe.entry(made, asked.reference)
    assert reports_sold(bureau, number) == 0
    found = await report(creditsafe, number)
    assert entry
    assert isinstance(found, Rated)
    assert agrees(found.rating, entry.told)
    bureau.control("POST", f"companies/SE/{number}", {"limit": 987})
    entry = await creditsafe.entry(made, asked.reference)
    assert entry
    assert not agrees(found.rating, entry.told)


async def test_leaving_a_portfolio_twice_is_as_good_as_once(
    creditsafe: Creditsafe, number: str
) -> None:
    made, asked = await portfolio(creditsafe), await subject(creditsafe, number)
    await creditsafe.watch(made, asked.reference, "demo:1")
    await creditsafe.unwatch(made, asked.reference)
    await creditsafe.unwatch(made, asked.reference)
    assert await creditsafe.entry(made, asked.reference) is None


async def test_a_portfolio_that_is_gone_is_noticed(creditsafe: Creditsafe, number: str) -> None:
    asked = await subject(creditsafe, number)
    assert not await creditsafe.watch("999999", asked.reference, "demo:1")


async def test_notifications_lead_from_the_rating_we_have_to_the_one_there_is(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    made, asked = await portfolio(creditsafe), await subject(creditsafe, number)
    first = await creditsafe.report(asked, "test")
    assert isinstance(first, Rated)
    await creditsafe.watch(made, asked.reference, "demo:1")
    scores = ["95", "12", "63"]
    for score in scores:
        bureau.control("POST", f"companies/SE/{number}", {"score": int(score)})
    notices = [one for one in await notices_since(creditsafe, None) if one.portfolio == made]
    told = [
        Told(
            one.id,
            one.at,
            one.fact,
            creditsafe.part(one.fact, one.old, "SE"),
            creditsafe.part(one.fact, one.new, "SE"),
        )
        for one in notices
    ]
    last = await creditsafe.report(asked, "test")
    assert isinstance(last, Rated)
    settled = settle(
        first.rating, first.as_of, changes_of(told), (last.rating, last.as_of), patient=True
    )
    old = [] if str(rating_of("SE", number).score) != "95" else ["95"]
    assert [found.rating.score for found in settled.found] == [s for s in scores if s not in old]
    assert settled.found[-1].rating == last.rating


async def test_a_token_that_expired_is_renewed_once(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    await creditsafe.find("SE", number)
    bureau.control("POST", "faults", {"expire_tokens": True})
    assert await creditsafe.find("SE", number)


async def test_many_callers_share_one_login(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    bureau.control("POST", "faults", {"slow_seconds": 0.2, "path": "authenticate"})
    found = await asyncio.gather(*(creditsafe.find("SE", number) for _ in range(8)))
    assert len(set(found)) == 1


async def test_a_refused_login_is_not_tried_again(bureau: StandIn, number: str) -> None:
    logins = MemoryLogins()
    for _ in range(5):
        async with Connect(bureau.url, "demo", "wrong", logins) as wrong:
            with pytest.raises(LoginRefused):
                await Creditsafe(wrong).find("SE", number)
    async with Connect(bureau.url, "demo", "demo", logins) as right:
        assert await Creditsafe(right).find("SE", number)


async def test_without_that_memory_the_account_would_be_locked(
    bureau: StandIn, number: str
) -> None:
    for _ in range(3):
        async with Connect(bureau.url, "demo", "wrong", MemoryLogins()) as wrong:
            with pytest.raises(LoginRefused):
                await Creditsafe(wrong).find("SE", number)
    async with Connect(bureau.url, "demo", "demo", MemoryLogins()) as right:
        with pytest.raises(LoginRefused):
            await Creditsafe(right).find("SE", number)


@pytest.mark.parametrize("trouble", [{"status": 503}, {"status": 429}, {"fail": "disconnect"}])
async def test_trouble_that_passes_is_sat_out(
    creditsafe: Creditsafe, bureau: StandIn, number: str, trouble: dict[str, object]
) -> None:
    bureau.control("POST", "faults", {**trouble, "times": 2})
    assert await creditsafe.find("SE", number)


async def test_the_bureau_says_itself_how_long_to_wait(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    bureau.control("POST", "faults", {"status": 429, "retry_after": 0.7})
    began = asyncio.get_running_loop().time()
    assert await creditsafe.find("SE", number)
    assert asyncio.get_running_loop().time() - began >= 0.7


async def test_a_long_wait_is_left_to_the_caller(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    bureau.control("POST", "faults", {"status": 429, "retry_after": 600})
    with pytest.raises(Unavailable) as busy:
        await creditsafe.find("SE", number)
    assert busy.value.retry_after == 600


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 429}])
async def test_trouble_that_lasts_is_told(
    creditsafe: Creditsafe, bureau: StandIn, number: str, trouble: dict[str, object]
) -> None:
    bureau.control("POST", "faults", {**trouble, "times": None})
    with pytest.raises(Unavailable):
        await creditsafe.find("SE", number)


@pytest.mark.parametrize("fail", ["garbage", "truncate", "wrong-company", "partial"])
async def test_a_report_that_makes_no_sense_is_not_believed(
    creditsafe: Creditsafe, bureau: StandIn, number: str, fail: str
) -> None:
    asked = await subject(creditsafe, number)
    bureau.control("POST", "faults", {"fail": fail})
    with pytest.raises(Garbled):
        await creditsafe.report(asked, "test")


async def test_a_report_whose_answer_was_lost_is_not_bought_again_unasked(
    creditsafe: Creditsafe, bureau: StandIn, number: str
) -> None:
    asked = await subject(creditsafe, number)
    bureau.control("POST", "faults", {"fail": "truncate"})
    with pytest.raises(Garbled):
        await creditsafe.report(asked, "test")
    assert reports_sold(bureau, number) == 1


async def test_a_bureau_that_is_not_there_is_unavailable(number: str) -> None:
    async with Connect("http://127.0.0.1:9", "demo", "demo", MemoryLogins()) as nowhere:
        with pytest.raises(Unavailable):
            await Creditsafe(nowhere).find("SE", number)


async def test_a_bureau_that_hangs_is_given_up(
    bureau: StandIn, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit_monitor.bureaus.line.READ_SECONDS_MAX", 0.1)
    async with Connect(bureau.url, "demo", "demo", MemoryLogins()) as impatient:
        bureau.control("POST", "faults", {"slow_seconds": 3, "path": "companies"})
        with pytest.raises(Unavailable):
            await Creditsafe(impatient).find("SE", number)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("450000", "450000"),
        ("450 000", "450000"),
        ("1,450,000", "1450000"),
        ("450000.50", "450000.50"),
        ("0", "0"),
        ("No Credit Limit", None),
        ("", None),
        ("NaN", None),
        ("-5", None),
        ("1e9", None),
        ("9" * 400, None),
    ],
)
def test_limits_are_read_with_care(text: str, amount: str | None) -> None:
    wanted = None if amount is None else Money(amount=Decimal(amount), currency="SEK")
    assert money(text, "SEK") == wanted


def test_bands_come_from_the_bureaus_letter_and_never_from_the_figure() -> None:
    assert part("band", "B", "SE") == {"band": Band.B, "grade": "B"}
    assert part("band", "Z", "SE")["band"] is Band.NOT_RATED
    assert part("score", "99", "SE") == {"score": "99"}
    assert part("other", "x", "SE") == {}


def test_the_local_rule_is_known_by_its_name() -> None:
    assert fact_of(101, "International Rating") == "band"
    assert fact_of(102, "Credit Limit") == "limit"
    assert fact_of(4711, "Local Rating") == "score"
    assert fact_of(105, "Address") == "other"


@pytest.mark.parametrize("written", ["5571200434", "557120-0434", "165571200434"])
def test_a_number_is_known_however_it_is_written(written: str) -> None:
    assert is_number(written, "5571200434")
    assert not is_number(written, "5571200442")


async def test_a_report_without_any_rating_says_so(
    creditsafe: Creditsafe, connect: Connect, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await subject(creditsafe, number)
    _, said = await connect.call("test", "GET", f"companies/{asked.reference}")
    said["report"]["companySummary"]["creditRating"] = None
    said["report"]["creditScore"] = None

    async def call(*_: object, **__: object) -> tuple[int, object]:
        return 200, said

    monkeypatch.setattr(connect, "call", call)
    assert isinstance(await creditsafe.report(asked, "test"), NotRated)
