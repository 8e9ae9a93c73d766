"""A mail as it is sent: plain text and simple HTML, with headers that nothing can break out of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from html import escape
from uuid import UUID

from contracts.credit_alerts import CreditAlertRaised
from credit_monitor.mail.wording import BANDS, FRAME, SAID

SUBJECT_CHARACTERS_MAX = 150
"""More is cut off by what shows it."""
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Item:
    """One alert in a mail; `company` is what it is called now."""

    said: CreditAlertRaised
    company: str
    escalated: bool


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a mail is to."""

    user_id: UUID
    name: str | None
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom mails are, and where people then go."""

    address: str
    url: str

    def choice(self, user_id: UUID) -> str:
        """Return where a user's preferences are."""
        return f"{self.url}/api/v1/users/{user_id}/alert-preferences"


def letter(
    mail_id: UUID,
    to: Recipient,
    items: Sequence[Item],
    *,
    sender: Sender,
    at: datetime,
    digest: bool,
) -> EmailMessage:
    """Return the mail; the same id gives the same Message-ID, however often it is sent."""
    message = EmailMessage(policy=SMTP if to.address.isascii() else SMTPUTF8)
    words = FRAME[to.language if to.language in FRAME else "sv"]
    lines = [line(item, to.language) for item in items]
    message["Subject"] = _subject(words, items, lines, digest=digest)
    message["From"] = Address("Kundvakt", addr_spec=sender.address)
    message["To"] = _to(to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(mail_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{sender.choice(to.user_id)}>"
    name = one_line(to.name or "")
    greeting = words["greeting"].format(name=name) if name else words["nameless"]
    end = words["end"].format(url=sender.url)
    why = words["why"].format(choice=sender.choice(to.user_id))
    message.set_content("\n\n".join([greeting, "\n".join(f"- {one}" for one in lines), end, why]))
    message.add_alternative(_html(greeting, lines, end, why), subtype="html")
    message["Content-Language"] = to.language
    message.set_boundary(f"kundvakt-{mail_id.hex}")
    return message


def message_id(mail_id: UUID, sender: Sender) -> str:
    """Return what a mail is known by, wherever it comes."""
    return f"<{mail_id}@{sender.address.rpartition('@')[2]}>"


def _to(to: Recipient) -> Address:
    name, domain = to.address.rsplit("@", 1)
    return Address(one_line(to.name or ""), username=name, domain=domain)


def line(item: Item, language: str) -> str:
    """Return what a mail says of one alert: no values where none were told."""
    language = language if language in SAID else "sv"
    words, bands, said = FRAME[language], BANDS[language], item.said
    what = SAID[language][said.kind].format(
        company=one_line(item.company) or words["a-company"],
        old=said.old and bands.get(said.old.value, said.old.value),
        new=said.new and bands.get(said.new.value, said.new.value),
        bureau=one_line(said.bureau or "").capitalize(),
        count=said.count,
    )
    return words["escalated-line"].format(what=what) if item.escalated else what


def _subject(
    words: dict[str, str], items: Sequence[Item], lines: Sequence[str], *, digest: bool
) -> str:
    if digest:
        named = words["digest-one"] if len(items) == 1 else words["digest"]
        return named.format(count=len(items))
    told = lines[0] if items[0].escalated else words["one"].format(what=lines[0])
    return one_line(told)[:SUBJECT_CHARACTERS_MAX].rstrip(".")


def one_line(text: str) -> str:
    """Return a text without anything that could end a line, or a header."""
    return UNPRINTABLE.sub(" ", text).strip()


def _html(greeting: str, lines: Sequence[str], end: str, why: str) -> str:
    told = "".join(f"<li>{escape(one)}</li>" for one in lines)
    return (
        "<!doctype html><html><body>"
        f"<p>{escape(greeting)}</p><ul>{told}</ul><p>{escape(end)}</p>"
        f"<p><small>{escape(why)}</small></p></body></html>"
    )
