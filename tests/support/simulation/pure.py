"""The product's pure code, remembered: asked the same of the same, it answers the same.

Thousands of schedules ask the same few thousand questions. Each is answered once by the real
code, and then from memory; that answers depend on nothing else is what the fences hold.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from chassis import codec
from chassis.decider import Rejected
from companies.company import model as company
from contracts.message import Event
from credit_monitor.credit import model as credit
from credit_monitor.facts import subject
from enrichment import model as enrichment

F = TypeVar("F", bound=Callable[..., Any])
REMEMBERED_MAX = 400_000
"""Some hundred megabytes; then everything is forgotten and found out anew."""


def remembered(function: F) -> F:
    """Answer by identity of the two arguments, which are immutable and kept alive."""
    known: dict[tuple[int, int], tuple[Any, Any, Any, Rejected | None]] = {}

    def ask(one: Any, other: Any) -> Any:
        found = known.get((id(one), id(other)))
        if found is None:
            found = _answer(function, one, other)
            if len(known) > REMEMBERED_MAX:
                known.clear()
            known[id(one), id(other)] = found
        if found[3] is not None:
            raise found[3].with_traceback(None)
        return found[2]

    return ask  # type: ignore[return-value]


def _answer(function: Any, one: Any, other: Any) -> tuple[Any, Any, Any, Rejected | None]:
    try:
        return one, other, function(one, other), None
    except Rejected as refusal:
        return one, other, None, refusal


companies = replace(
    company.companies,
    decide=remembered(company.companies.decide),
    evolve=remembered(company.companies.evolve),
)
registry_facts = replace(enrichment.registry_facts, evolve=remembered(enrichment.evolve))
credits_ = replace(credit.credits_, evolve=remembered(credit.evolve))
learn = remembered(subject.learn)

_texts: dict[int, tuple[Event, str]] = {}
_events: dict[str, Event] = {}


def text_of(event: Event) -> str:
    """Return an event as it rests; the same text is always the same event."""
    found = _texts.get(id(event))
    if found is None:
        text = codec.to_bytes(event).decode()
        if text not in _events:
            _events[text] = codec.event_from(codec.parse(text.encode()))
        return text
    return found[1]


def event_of(text: str) -> Event:
    """Return the event that a text is."""
    return _events[text]


def kept(event: Event) -> tuple[Event, str]:
    """Return an event as it is read back from where it rests, and its text."""
    found = _texts.get(id(event))
    if found is not None:
        return found
    text = text_of(event)
    same = _events[text]
    pair = same, text
    _texts[id(same)] = pair
    return pair


def numbered(kind: int, number: int) -> UUID:
    """Return an id that is the same in every world."""
    return UUID(int=kind << 96 | number)
