"""What a mail says, in whose language, and that nothing in it breaks out of its place."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.credit_alerts import AlertKind, CreditAlertRaised
from contracts.examples import example
from contracts.values import Band
from credit_monitor.mail.letters import Item, Recipient, Sender, address_on_the_wire, letter, line
from credit_monitor.mail.wording import SAID

ID, USER = UUID(int=1), UUID(int=2)
SENDER = Sender("kundvakt@firma.example", "https://kundvakt.firma.example")
AT = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
RAISED = example(CreditAlertRaised)


def item(kind: AlertKind = AlertKind.RATING_CHANGED, company: str = "Ett AB", **said: Any) -> Item:
    escalated = said.pop("escalated", False)
    return Item(RAISED.model_copy(update={"kind": kind, **said}), company, escalated)


def read(*items: Item, name: str = "Anna", language: str = "sv", digest: bool = False) -> Any:
    """Return a mail as whoever gets it reads it."""
    to = Recipient(USER, name, "anna@firma.example", language)
    made = letter(ID, to, items, sender=SENDER, at=AT, digest=digest)
    return email.message_from_bytes(made, policy=email.policy.default)


def text(message: Any) -> str:
    return str(message.get_body(("plain",)).get_content())


def html(message: Any) -> str:
    return str(message.get_body(("html",)).get_content())


def test_a_changed_rating_says_from_what_to_what() -> None:
    message = read(item())
    assert message["Subject"] == "Kreditlarm: Ett AB: kreditbetyget har ändrats från C till B"
    assert "Hej Anna!" in text(message)
    assert "Ett AB: kreditbetyget har ändrats från C till B." in text(message)
    assert "<li>Ett AB: kreditbetyget har ändrats från C till B.</li>" in html(message)


def test_a_change_within_a_band_does_not_say_from_c_to_c() -> None:
    within = item(old=Band.C, new=Band.C)
    assert line(within, "sv") == "Ett AB: kreditbetyget har ändrats inom klass C."
    assert line(within, "en") == "Ett AB: the credit rating changed within band C."


def test_who_reads_english_reads_english() -> None:
    message = read(item(), language="en")
    assert message["Subject"] == "Credit alert: Ett AB: the credit rating changed from C to B"
    assert message["Content-Language"] == "en"


def test_an_unknown_language_is_swedish() -> None:
    assert read(item(), language="fi")["Subject"].startswith("Kreditlarm")


def test_a_mail_is_known_by_its_id_however_often_it_is_made() -> None:
    first, second = read(item()), read(item())
    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@firma.example>"
    assert first.as_bytes() == second.as_bytes()


def test_where_one_stops_hearing_is_in_the_headers_and_in_the_text() -> None:
    message = read(item())
    place = f"https://kundvakt.firma.example/api/v1/users/{USER}/alert-preferences"
    assert message["List-Unsubscribe"].strip() == f"<{place}>"
    assert place in text(message)
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("language", SAID)
def test_of_what_may_not_be_shown_no_value_is_in_the_mail(language: str) -> None:
    # Even if some came this far.
    message = read(item(AlertKind.SOMETHING_CHANGED, old=Band.D, new=Band.E), language=language)
    told = line(item(AlertKind.SOMETHING_CHANGED, old=Band.D, new=Band.E), language)
    assert not {"D", "E"} & set(told.replace("Ett AB", "").split())
    assert told in text(message)


def test_a_digest_counts_and_lists() -> None:
    message = read(item(), item(AlertKind.BANKRUPTCY, "Två AB"), digest=True)
    assert message["Subject"] == "2 kreditlarm"
    assert text(message).index("Ett AB") < text(message).index("Två AB: konkurs")
    assert read(item(), digest=True)["Subject"] == "Ett kreditlarm"


def test_a_night_of_the_model_says_how_many() -> None:
    told = line(item(AlertKind.MODEL_CHANGED, company_id=None, count=5000), "sv")
    assert told == "Creditsafe har ändrat sin modell: 5000 företag fick nya kreditbetyg."


def test_what_nobody_acknowledged_says_so() -> None:
    assert read(item(escalated=True))["Subject"].startswith("Ingen har kvitterat: Ett AB")


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("language", SAID)
def test_every_kind_of_alert_has_words(kind: AlertKind, language: str) -> None:
    assert "None" not in line(item(kind, count=3), language)


NASTY = "Anna\r\nBcc: all@firma.example\r\n\r\n<script>alert(1)</script>"


def test_a_name_cannot_add_a_header() -> None:
    message = read(item(company=NASTY), name=NASTY)
    assert message["Bcc"] is None
    assert [one.addr_spec for one in message["To"].addresses] == ["anna@firma.example"]
    assert "<script>" not in html(message)


@given(st.text(max_size=80), st.text(max_size=400))
def test_whatever_somebody_is_called_the_mail_is_to_them_alone(name: str, company: str) -> None:
    message = read(item(company=company), name=name)
    assert [one.addr_spec for one in message["To"].addresses] == ["anna@firma.example"]
    assert set(message.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe"),
        *("Content-Language", "MIME-Version", "Content-Type"),
    }


LETTERS = st.text("abcxyzåäöÅÄÖéæøßñłжΩ漢字123'-.,()&:;@<>\"\\=?_", min_size=1, max_size=12)


@given(st.lists(LETTERS, min_size=1, max_size=20))
def test_a_long_subject_in_any_letters_is_read_as_it_was_written(words: list[str]) -> None:
    company = " ".join(words)
    told = f"Kreditlarm: {company}: kreditbetyget har ändrats från C till B"[:150]
    assert read(item(company=company))["Subject"] == told.rstrip(".")


@given(st.lists(LETTERS, min_size=1, max_size=8).map(" ".join))
def test_a_long_name_in_any_letters_is_read_as_it_was_written(name: str) -> None:
    to = Recipient(USER, name, "anna@firma.example", "sv")
    made = letter(ID, to, [item()], sender=SENDER, at=AT, digest=False)
    # The parser that knows addresses puts a space between words that were folded.
    raw = email.message_from_bytes(made)["To"]
    shown = raw if raw.isascii() and "=?" not in raw else str(make_header(decode_header(raw)))
    assert parseaddr(shown)[1] == "anna@firma.example" or not name.isascii()
    assert shown.endswith("<anna@firma.example>")
    if not name.isascii():
        assert shown == f"{name} <anna@firma.example>"


def test_no_line_of_a_mail_is_longer_than_any_server_takes() -> None:
    to = Recipient(USER, "Å" * 300, "anna@firma.example", "sv")
    items = [item(company="Ö" * 300) for _ in range(50)]
    made = letter(ID, to, items, sender=SENDER, at=AT, digest=True)
    assert max(len(line) for line in made.split(b"\r\n")) <= 200
    assert b"\n" not in made.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("anna@firma.example", "anna@firma.example"),
        ("anna@räksmörgås.example", "anna@xn--rksmrgs-5wao1o.example"),
        ("åsa@firma.example", None),
        ("", "@"),
    ],
)
def test_an_address_is_written_as_any_server_takes_it(address: str, written: str | None) -> None:
    assert address_on_the_wire(address) == (None if written == "@" else written)
