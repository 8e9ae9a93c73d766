"""Whoever raises alerts: the product's own reaction, and a bus that repeats, shuffles and loses."""

from collections.abc import Iterable
from datetime import datetime
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

from chassis.intake import in_order
from chassis.reaction import Happened
from chassis.streams import Stream
from contracts.credit_alerts import AlertKind, CreditAlertRaised
from contracts.credit_monitor import CreditRatingChanged
from contracts.envelope import Envelope
from contracts.message import Command
from credit_monitor.alerts.concern import Concern
from credit_monitor.alerts.reactions import hear_all
from support.simulation.credit.fate import Fate
from support.simulation.office import Office
from support.simulation.process import at_once
from support.simulation.pure import numbered
from support.simulation.world import Red

SOURCE = "credit-monitor"
SAID, SAID_AGAIN, OWNER = 6, 7, numbered(8, 1)
REPEATED_MAX = 20
"""Messages acknowledged already that come once more."""
LOST = 0.3
"""How often one of the messages that are on their way comes only the next time."""


class Hearing(Protocol):
    """What a listener needs of its world."""

    off: frozenset[str]
    now: datetime
    dice: Random
    fate: Fate
    office: Office
    site: Any


class Listener:
    """Takes in each change that was told, and raises one alert of it."""

    def __init__(self, world: Hearing) -> None:
        self._world = world
        self._kept: dict[int, Happened] = {}
        self._again = 0
        self._in_hand: dict[UUID, Happened] = {}
        self.last = self.acknowledged = 0
        self.alerts = bytearray()

    def say(self, stream: Stream, event: CreditRatingChanged, command: Command) -> None:
        """Put an event of ours on the bus."""
        self.alerts.append(0)
        position = len(self.alerts)
        envelope = Envelope(
            id=numbered(SAID, position),
            type=event.type,
            tenant=stream.tenant,
            category=stream.category,
            stream_id=stream.id,
            version=0,
            source=SOURCE,
            position=position,
            at=command.at,
            by=command.by,
            command=command.command_id,
            correlation=command.correlation,
            causation=command.causation,
            traceparent=None,
            data="",
        )
        world = self._world
        self._kept[position] = Happened(event, envelope, world.office, world.site)  # type: ignore[arg-type]

    def listen(self) -> None:
        """Take in what came; whoever dies before the commit, or after it, hears all of it again."""
        world, before = self._world, self.last
        if self.acknowledged == len(self.alerts):
            return
        arrived = self._arrived()
        last = {SOURCE: self.last}
        envelopes = [happened.envelope for happened in arrived]
        ready = {one.id for one in _whatever(envelopes, last, world.off)}
        heard = sorted(
            (one for one in arrived if one.envelope.id in ready),
            key=lambda happened: happened.envelope.position,
        )
        if "acknowledged when kept" in world.off:
            self.acknowledged = len(self.alerts)
        if world.fate.strikes():
            return
        if heard:
            self._in_hand = {happened.envelope.id: happened for happened in heard}
            at_once(hear_all(heard))
        self.last = max(before, last[SOURCE])
        if not world.fate.strikes():
            self.acknowledged = max(self.acknowledged, self.last)
            for position in [n for n in self._kept if n <= self.last - REPEATED_MAX]:
                del self._kept[position]

    def _arrived(self) -> list[Happened]:
        """Return what comes now: some of it again, one of it perhaps not yet, in any order."""
        dice = self._world.dice
        first = max(0, self.acknowledged - dice.randrange(REPEATED_MAX))
        arrived = [self._kept[n] for n in range(first + 1, len(self.alerts) + 1)]
        if dice.random() < LOST and not self._world.fate.is_kind:
            arrived.pop(dice.randrange(len(arrived)))
        if dice.random() < 0.5:
            dice.shuffle(arrived)
        return [self._renamed(one) for one in arrived] if self._is_forgetful else arrived

    @property
    def _is_forgetful(self) -> bool:
        return "alerts known" in self._world.off

    def _renamed(self, happened: Happened) -> Happened:
        """Return an event under an id that nobody has met."""
        self._again += 1
        fields = {name: getattr(happened.envelope, name) for name in Envelope.__slots__}
        envelope = Envelope(**{**fields, "id": numbered(SAID_AGAIN, self._again)})
        return Happened(happened.event, envelope, happened.connection, happened.site)

    def raised(self, alert: CreditAlertRaised, command: Command) -> None:
        """Hear of an alert: it tells what its change told, to whom the company concerns."""
        assert command.causation
        happened = self._in_hand[command.causation]
        changed: Any = happened.event
        said = (alert.kind, alert.company_id, alert.old, alert.new, alert.to)
        meant = (AlertKind.RATING_CHANGED, changed.company_id, changed.old.band, changed.new.band)
        if said != (*meant, (OWNER,)):
            raise Red(f"alert {alert} of {changed}")
        self.alerts[happened.envelope.position - 1] += 1


def _whatever(
    envelopes: list[Envelope], last: dict[str, int], off: frozenset[str]
) -> list[Envelope]:
    """Return what is to be taken in: what is next, unless a protection is off."""
    if "alerts known" in off:
        # Nobody knows what was taken in before.
        last[SOURCE] = max(one.position for one in envelopes) if envelopes else last[SOURCE]
        return envelopes
    if "gaps noticed" in off:
        later = [one for one in envelopes if one.position > last[SOURCE]]
        last[SOURCE] = max((one.position for one in later), default=last[SOURCE])
        return later
    return in_order(envelopes, last)


async def load(_office: Office, _tenant: str, companies: Iterable[UUID]) -> dict[UUID, Concern]:
    """Return whom companies concern: everybody's owner is the same."""
    return dict.fromkeys(companies, CONCERN)


async def save(_office: Office, _tenant: str, _learnt: dict[UUID, Concern]) -> None:
    """Keep nothing: nothing is learnt."""


async def active_of(_office: Office, _tenant: str, wanted: Iterable[UUID]) -> set[UUID]:
    """Return those who can be told."""
    return set(wanted)


CONCERN = Concern(owners=(OWNER,))
CONCERNED = SimpleNamespace(load=load, save=save)
PEOPLE = SimpleNamespace(active_of=active_of)
