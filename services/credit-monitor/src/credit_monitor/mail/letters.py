"""A mail as it is sent: plain text and simple HTML, with headers that nothing can break out of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from html import escape
from typing import Any
from uuid import UUID

from contracts.credit_alerts import CreditAlertRaised
from credit_monitor.mail.wording import BANDS, FRAME, SAID, WITHIN

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
) -> bytes:
    """Return the mail; the same id gives the same Message-ID, however often it is sent."""
    message: Any = MIMEMultipart("alternative", boundary=f"kundvakt-{mail_id.hex}")
    words = FRAME[to.language if to.language in FRAME else "sv"]
    lines = [line(item, to.language) for item in items]
    message["Subject"] = Header(_subject(words, items, lines, digest=digest), "utf-8")
    message["From"] = formataddr(("Kundvakt", sender.address))
    message["To"] = _to(to)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(mail_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{sender.choice(to.user_id)}>"
    message["Content-Language"] = to.language
    name = one_line(to.name or "")
    greeting = words["greeting"].format(name=name) if name else words["nameless"]
    end = words["end"].format(url=sender.url)
    why = words["why"].format(choice=sender.choice(to.user_id))
    text = "\n\n".join([greeting, "\n".join(f"- {one}" for one in lines), end, why])
    message.attach(_part(text + "\n", "plain"))
    message.attach(_part(_html(greeting, lines, end, why) + "\n", "html"))
    return bytes(message.as_bytes(policy=compat32.clone(linesep="\r\n")))


def _part(text: str, kind: str) -> MIMEText:
    """Return one of a mail's two forms, as readable on the wire as it can be."""
    utf8: Any = Charset("utf-8")
    utf8.body_encoding = QP
    return MIMEText(text, kind, utf8)


def _to(to: Recipient) -> Header | str:
    name = one_line(to.name or "")
    if name.isascii():
        return formataddr((name, to.address))
    # The newer API loses spaces where it folds what it has to encode (gh-92081).
    header = Header(name, "utf-8", header_name="To")
    header.append(f"<{to.address}>", "us-ascii")
    return header


def address_on_the_wire(address: str) -> str | None:
    """Return an address as any mail server takes it, if it can be written so."""
    name, _, domain = address.rpartition("@")
    try:
        written = domain.encode("idna").decode()
    except UnicodeError:
        return None
    return f"{name}@{written}" if name and name.isascii() else None


def message_id(mail_id: UUID, sender: Sender) -> str:
    """Return what a mail is known by, wherever it comes."""
    return f"<{mail_id}@{sender.address.rpartition('@')[2]}>"


def line(item: Item, language: str) -> str:
    """Return what a mail says of one alert: no values where none were told."""
    language = language if language in SAID else "sv"
    words, bands, said = FRAME[language], BANDS[language], item.said
    is_within = said.old is not None and said.old == said.new
    what = (WITHIN[language] if is_within else SAID[language][said.kind]).format(
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
