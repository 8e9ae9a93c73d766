"""A message as it came off the bus: read, or found to be none, and what is said of that."""

from dataclasses import dataclass

from pydantic import ValidationError

from contracts.catalogue import SOURCES
from contracts.envelope import Envelope, EnvelopeBroken, envelope_from

REASON_CHARACTERS_MAX = 500
POSITION_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came off the bus; `sequence` is its place there.

    The subject is what its sender had the right to publish on; headers can say anything.
    """

    headers: dict[str, str]
    body: bytes
    sequence: int
    subject: str | None = None


def read(message: Incoming) -> Envelope:
    """Read an envelope; one that Postgres could not even park is none."""
    envelope = envelope_from(message.headers, message.body)
    if not all(_isshown(value) for value in message.headers.values()):
        raise EnvelopeBroken("unprintable headers")
    if message.subject not in {None, envelope.subject}:
        raise EnvelopeBroken("headers that do not go with the subject")
    if SOURCES.get(envelope.category, envelope.source) != envelope.source:
        raise EnvelopeBroken("not the service that says such things")
    if envelope.at.tzinfo is None or not 0 < envelope.position <= POSITION_MAX:
        raise EnvelopeBroken("no place in time or in its source")
    return envelope


def _isshown(text: str) -> bool:
    """Say whether a text can be kept as it is."""
    return (text.isascii() and "\0" not in text) or text == shown(text)


def shown(text: str) -> str:
    """Return a text as it can be kept: headers may hold any byte."""
    return text.replace("\0", "").encode(errors="backslashreplace").decode()


def reason_of(error: Exception) -> str:
    """Word why an event could not be taken in, without its values: they may be personal."""
    words = str(error)
    if isinstance(error, ValidationError):
        wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
        words = f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}"
    return shown(f"{type(error).__name__}: {words}")[:REASON_CHARACTERS_MAX]
