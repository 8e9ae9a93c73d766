"""Mails handed over to a real mail server, each once, whatever it answers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from bystander import Bystander
from pydantic import SecretStr

from chassis.edge import now
from chassis.failpoints import arm
from chassis.site import Site
from contracts.companies.subject import SubjectErased
from contracts.companies.user import Role, UserChanged
from contracts.credit_alerts import AlertPreferencesSet
from credit_monitor.alerts.lookout import escalate, settle
from credit_monitor.mail import outbox
from credit_monitor.mail.postman import DOUBTS_MAX, GIVE_UP, Postman
from credit_monitor.mail.settings import MailSettings
from credit_monitor.mail.undelivered import undelivered
from standins.testing import StandIn

pytestmark = pytest.mark.servers

TURNS_MAX = 40


@pytest.fixture(scope="session")
def server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Run one catching mail server for all tests."""
    with StandIn(tmp_path_factory.mktemp("mail"), provider="mail") as running:
        yield running


class Post:
    """A tenant's mails, and the server they are handed over to."""

    def __init__(self, we: Bystander, server: StandIn) -> None:
        self.we = we
        self.server = server
        self.ahead = timedelta()
        self.settings = MailSettings(
            smtp_url=f"smtp://127.0.0.1:{server.control('GET', 'smtp')['port']}", smtp_seconds=2
        )
        self.postman = self.another()

    def another(self, **settings: Any) -> Postman:
        """Return a process of its own."""
        told = self.settings.model_copy(update=settings)
        return Postman(self.we.site, told, clock=lambda: now() + self.ahead)

    async def changed(self, *owners: Any, **company: Any) -> None:
        """Let a company of theirs change, and the alert be heard."""
        one = await self.we.company(*owners, **company)
        await self.we.hear(self.we.changed(one))
        await self.we.hear_ourselves()

    async def hand_over(self, *, ahead: timedelta = timedelta()) -> None:
        """Hand over all that is due by then, one after the other, whoever had it in hand."""
        self.ahead = ahead
        for _ in range(TURNS_MAX):
            await self.release()
            if not await self.postman.turn():
                return
        raise AssertionError("there is always something left to send")

    async def release(self) -> None:
        """Let leases run out."""
        await self.we.site.pool.execute("UPDATE mails SET leased_until = NULL")

    def caught(self) -> list[dict[str, Any]]:
        """Return what was caught."""
        found: list[dict[str, Any]] = self.server.control("GET", "mails")
        return found

    def misbehave(self, **fault: Any) -> None:
        """Let the server misbehave."""
        self.server.control("POST", "faults", fault)

    async def states(self) -> list[str]:
        """Return what became of the tenant's mails."""
        rows = await self.we.site.pool.fetch(
            "SELECT state FROM mails WHERE tenant_id = $1 ORDER BY queued_at", self.we.tenant
        )
        return [row["state"] for row in rows]


@pytest.fixture
async def post(site: Site, tenant: str, server_process: StandIn) -> AsyncIterator[Post]:
    await site.pool.execute("DELETE FROM mails")
    server_process.control("DELETE", "faults")
    server_process.control("DELETE", "mails")
    last = await site.pool.fetchval("SELECT coalesce(max(position), 0) FROM events")
    yield Post(Bystander(site, tenant, heard=last), server_process)
    arm("")
    server_process.control("DELETE", "faults")


async def test_an_owner_gets_a_mail_at_once(post: Post) -> None:
    await post.changed(await post.we.user("Anna", email="anna@firma.example"), name="Åkeri AB")
    await post.hand_over()
    (mail,) = post.caught()
    assert mail["recipient"] == "anna@firma.example"
    assert mail["subject"] == "Kreditlarm: Åkeri AB: kreditbetyget har ändrats från C till B"
    assert "Hej Anna!" in mail["text"]
    assert await post.states() == ["sent"]


async def test_what_is_heard_again_is_not_sent_again(post: Post) -> None:
    await post.changed(await post.we.user())
    await post.hand_over()
    post.we.heard = 0
    await post.we.hear_ourselves()
    await post.hand_over()
    assert len(post.caught()) == 1


async def test_what_is_heard_again_long_after_is_not_mailed_again(post: Post) -> None:
    company = await post.we.company(await post.we.user())
    await post.we.hear(post.we.changed(company), at=now() - timedelta(days=31))
    await post.we.hear_ourselves()
    assert await post.states() == []


async def test_who_wants_no_mail_gets_none(post: Post) -> None:
    await post.changed(await post.we.user(mail="NONE"))
    await post.hand_over()
    assert (post.caught(), await post.states()) == ([], [])


async def test_a_digest_comes_once_a_day_with_all_of_it(post: Post) -> None:
    anna = await post.we.user("Anna", mail="DIGEST", language="en")
    for name in ("Ett AB", "Två AB"):
        await post.changed(anna, name=name)
    await post.hand_over()
    assert post.caught() == []
    await post.hand_over(ahead=timedelta(days=1))
    (mail,) = post.caught()
    assert mail["subject"] == "2 credit alerts"
    assert "Ett AB" in mail["text"]
    assert "Två AB" in mail["text"]


async def test_what_comes_while_a_digest_is_sent_is_in_the_next(post: Post) -> None:
    anna = await post.we.user("Anna", mail="DIGEST")
    await post.changed(anna, name="Ett AB")
    await post.we.site.pool.execute(
        "UPDATE mails SET state = 'sending' WHERE tenant_id = $1", post.we.tenant
    )
    await post.changed(anna, name="Två AB")
    await post.hand_over(ahead=timedelta(days=2))
    ett, tva = sorted(post.caught(), key=lambda mail: mail["text"])
    assert "Två AB" not in ett["text"]
    assert "Ett AB" not in tva["text"]


async def test_of_a_form_that_may_not_be_shown_no_value_is_mailed(post: Post) -> None:
    await post.changed(await post.we.user(), form="HB", name="Bröderna HB")
    await post.hand_over()
    (mail,) = post.caught()
    assert mail["subject"] == "Kreditlarm: Bröderna HB: något har ändrats i kreditupplysningen"
    assert "från" not in mail["text"]


async def test_a_night_of_the_model_is_one_mail_a_person(post: Post) -> None:
    anna = await post.we.user()
    companies = [await post.we.company(anna) for _ in range(3)]
    await post.we.hear(*(post.we.changed(one, "MODEL", "N") for one in companies))
    while await settle(post.we.site, now() + timedelta(hours=7)):
        pass
    await post.we.hear_ourselves()
    await post.hand_over()
    (mail,) = post.caught()
    assert "3 företag fick nya kreditbetyg" in mail["subject"]


async def test_what_is_escalated_is_mailed_to_whoever_it_is_escalated_to(post: Post) -> None:
    await post.we.user("Chef", Role.ADMIN, email="chef@firma.example")
    company = await post.we.company(await post.we.user("Anna", mail="NONE"))
    await post.we.hear(post.we.changed(company))
    await post.we.hear_ourselves()
    while await escalate(post.we.site, now() + timedelta(days=7)):
        pass
    await post.we.hear_ourselves()
    await post.hand_over()
    (mail,) = post.caught()
    assert mail["recipient"] == "chef@firma.example"
    assert mail["subject"].startswith("Ingen har kvitterat: ")


async def test_who_was_erased_meanwhile_gets_nothing(post: Post) -> None:
    anna = await post.we.user()
    await post.changed(anna)
    await post.we.hear(SubjectErased(subject_id=anna))
    await post.hand_over()
    assert (post.caught(), await post.states()) == ([], ["dropped"])


async def test_who_is_let_in_no_longer_gets_nothing(post: Post) -> None:
    anna = await post.we.user()
    await post.changed(anna)
    await post.we.hear(UserChanged(user_id=anna, active=False))
    await post.hand_over()
    assert (post.caught(), await post.states()) == ([], ["dropped"])


async def test_who_changes_their_mind_hears_the_other_way_from_then_on(post: Post) -> None:
    anna = await post.we.user()
    await post.we.hear(AlertPreferencesSet(user_id=anna, mail="NONE", digest_hour=7, language="sv"))
    await post.changed(anna)
    assert await post.states() == []


@pytest.mark.parametrize("answer", [421, 450, 451, 452])
@pytest.mark.parametrize("at", ["rcpt", "data"])
async def test_what_the_server_puts_off_is_sent_later_and_once(
    post: Post, at: str, answer: int
) -> None:
    await post.changed(await post.we.user())
    post.misbehave(at=at, answer=answer)
    await post.hand_over()
    assert (post.caught(), await post.states()) == ([], ["queued"])
    await post.hand_over(ahead=timedelta(minutes=1))
    assert (len(post.caught()), await post.states()) == (1, ["sent"])


async def test_a_greylisted_mail_gets_through_in_the_end(post: Post) -> None:
    await post.changed(await post.we.user())
    post.misbehave(greylist=3)
    for minutes in (0, 1, 5, 30):
        await post.hand_over(ahead=timedelta(minutes=minutes))
    assert (len(post.caught()), await post.states()) == (1, ["sent"])


@pytest.mark.parametrize(("at", "answer"), [("rcpt", 550), ("data", 552), ("data", 554)])
async def test_what_the_server_refuses_for_good_is_not_sent_again(
    post: Post, at: str, answer: int
) -> None:
    await post.changed(await post.we.user())
    post.misbehave(at=at, answer=answer, times=None)
    await post.hand_over()
    assert await post.states() == ["dropped"]
    (shown,) = await undelivered(post.we.site.pool, post.we.tenant, 10)
    assert (shown["state"], str(answer) in shown["reason"]) == ("dropped", True)
    post.server.control("DELETE", "faults")
    await post.hand_over(ahead=timedelta(days=1))
    assert post.caught() == []


async def test_what_is_put_off_is_shown_until_it_arrives(post: Post) -> None:
    pool, tenant = post.we.site.pool, post.we.tenant
    await post.changed(await post.we.user())
    post.misbehave(greylist=1)
    await post.hand_over()
    (shown,) = await undelivered(pool, tenant, 10)
    assert (shown["state"], shown["attempts"]) == ("queued", 1)
    await post.hand_over(ahead=timedelta(minutes=30))
    assert await undelivered(pool, tenant, 10) == []


def test_a_server_that_was_away_for_months_is_still_asked_every_minute(post: Post) -> None:
    post.postman._away = 100_000  # noqa: SLF001 - longer than any test lasts
    assert post.postman._pause() == 60.0  # noqa: SLF001 - the same


@pytest.mark.parametrize(("at", "answer"), [("ehlo", 421), ("mail", 421), ("mail", 554)])
async def test_a_server_that_lets_nobody_in_costs_no_mail(post: Post, at: str, answer: int) -> None:
    await post.changed(await post.we.user())
    post.misbehave(at=at, answer=answer)
    await post.postman.turn()
    assert await post.states() == ["queued"]
    await post.hand_over()
    assert (len(post.caught()), await post.states()) == (1, ["sent"])


async def test_a_server_that_is_not_there_costs_no_mail(post: Post) -> None:
    await post.changed(await post.we.user())
    nobody = post.another(smtp_url=SecretStr("smtp://127.0.0.1:9"))
    await nobody.turn()
    assert await post.states() == ["queued"]
    await post.hand_over()
    assert len(post.caught()) == 1


async def test_a_mail_that_is_not_taken_for_days_is_given_up(post: Post) -> None:
    await post.changed(await post.we.user())
    await post.hand_over(ahead=GIVE_UP + timedelta(hours=1))
    assert (post.caught(), await post.states()) == ([], ["dropped"])


async def test_a_line_lost_before_the_text_was_taken_delivers_it_once(post: Post) -> None:
    await post.changed(await post.we.user())
    post.misbehave(at="data", drop=True, keep=False)
    await post.hand_over()
    assert await post.states() == ["sending"]
    await post.hand_over(ahead=timedelta(minutes=1))
    assert (len(post.caught()), await post.states()) == (1, ["sent"])


async def test_a_line_lost_after_the_text_was_taken_is_the_one_doubt(post: Post) -> None:
    await post.changed(await post.we.user())
    post.misbehave(at="data", drop=True)
    await post.hand_over()
    await post.hand_over(ahead=timedelta(minutes=1))
    first, second = post.caught()
    # Nobody can know; by its id a mailbox can tell that it is the same mail.
    assert first["message_id"] == second["message_id"]
    assert await post.states() == ["sent"]


async def test_a_doubt_is_not_sent_for_ever(post: Post) -> None:
    await post.changed(await post.we.user())
    post.misbehave(at="data", drop=True, times=None)
    for days in range(4):
        await post.hand_over(ahead=timedelta(days=days))
    assert (len(post.caught()), await post.states()) == (DOUBTS_MAX, ["dropped"])


async def test_an_answer_that_takes_too_long_is_a_doubt_too(post: Post) -> None:
    await post.changed(await post.we.user())
    post.misbehave(slow_seconds=1.5)
    hasty = post.another(smtp_seconds=0.3)
    await hasty.turn()
    assert await post.states() == ["sending"]


SURE = ["mail-leased", "mail-agreed"]
"""Steps before the text: nothing was handed over yet."""


@pytest.mark.parametrize("step", [*SURE, "mail-begun", "mail-sent"])
async def test_interrupted_at_a_step_a_mail_is_sent_once(post: Post, step: str) -> None:
    await post.changed(await post.we.user())
    arm(f"credit-monitor.{step}:1:raise")
    await post.postman.turn()
    arm("")
    await post.hand_over()
    assert (len(post.caught()), await post.states()) == (1, ["sent"])


async def test_interrupted_between_its_taking_and_our_note_it_is_the_same_mail_again(
    post: Post,
) -> None:
    await post.changed(await post.we.user())
    arm("credit-monitor.mail-accepted:1:raise")
    await post.postman.turn()
    arm("")
    assert await post.states() == ["sending"]
    await post.hand_over()
    first, second = post.caught()
    assert first["message_id"] == second["message_id"]


async def test_a_mail_being_handed_over_is_left_alone_for_as_long_as_that_may_take(
    post: Post,
) -> None:
    await post.changed(await post.we.user())
    post.misbehave(slow_seconds=1.0)
    await asyncio.gather(*(post.another().turn() for _ in range(4)))
    await post.another().turn()
    assert len(post.caught()) == 1


async def test_who_slept_through_their_lease_hands_nothing_over(post: Post) -> None:
    await post.changed(await post.we.user())
    (slept,) = await outbox.lease(post.we.site.pool, 1, now())
    await post.hand_over()
    with pytest.raises(outbox.LeaseLost):
        await outbox.begin(post.we.site.pool, slept, 10)
    assert len(post.caught()) == 1


async def test_without_the_fence_they_would_send_it_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.changed(await post.we.user())
    (slept,) = await outbox.lease(post.we.site.pool, 1, now())
    await post.hand_over()

    async def unfenced(*_: Any) -> None:
        return

    monkeypatch.setattr(outbox, "begin", unfenced)
    await post.postman._hand_over(slept)  # noqa: SLF001 - as if it woke up there
    assert len(post.caught()) == 2
