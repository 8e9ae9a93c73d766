"""What the services do, step by step: answer, relay, take in, poll, work.

Everything that decides is the product's own; here is only what surrounds it, with a pause
wherever a process may die or be overtaken.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chassis.decider import Rejected
from chassis.intake import in_order
from chassis.projection import AnyProjection
from chassis.reaction import Happened
from chassis.streams import transact
from companies.app import service as companies_service
from contracts.envelope import Envelope
from credit_monitor.bureaus.account import Account
from credit_monitor.bureaus.port import Reading, Unavailable
from credit_monitor.leases import LeaseLost
from credit_monitor.reactions import reactions as credit_reactions
from credit_monitor.watching.poller import is_deep, read_from
from credit_monitor.work import Work
from credit_monitor.working.desk import Desk
from credit_monitor.working.steps import take as take_step
from enrichment.reactions import reactions as enrichment_reactions
from support.simulation import known, office, pure, work
from support.simulation.cast import WISHES
from support.simulation.process import PAUSE, at_once
from support.simulation.record import Parked, Record, SharedStreams

if TYPE_CHECKING:
    from support.simulation.world import World

WINDOW_EVENTS = 4
"""Small, so that the record spans several."""
POLL, OVERLAP = timedelta(minutes=1), timedelta(minutes=15)
PUT_OFF = timedelta(seconds=30)
REACTIONS = {
    service: {
        form.model_fields["type"].default: [one for one in reactions if form in one.to]
        for reaction in reactions
        for form in reaction.to
    }
    for service, reactions in (
        ("companies", companies_service.reactions),
        ("enrichment", enrichment_reactions),
        ("credit-monitor", credit_reactions),
        ("gateway", ()),
    )
}


async def answer(world: "World", wish: int, attempt: int) -> None:
    """Decide on a command; only the latest of several attempts is still waited for."""
    try:
        await PAUSE
        streams = SharedStreams(world.records["companies"].streams)
        given = await transact(streams, pure.companies, WISHES[wish].command)
    except Rejected as refusal:
        if refusal.code != "busy":
            world.asker.refused(wish, attempt, refusal.code)
    else:
        world.asker.answered(wish, attempt, given)


async def relay(world: "World", record: Record) -> None:
    """Put the next events on the bus, then note how far it is: compared and set."""
    position, epoch = record.relayed, record.epoch
    window = record.log[position : position + WINDOW_EVENTS]
    if not window:
        return
    if "noted after publishing" in world.off:
        record.relayed = window[-1].position
    for envelope in window:
        await PAUSE
        world.bus.publish(envelope, (record.name, envelope.position, f"epoch {epoch}"))
    await PAUSE
    is_same = (record.relayed, record.epoch) == (position, epoch)
    if is_same or "relay compared" in world.off:
        record.relayed = window[-1].position
        world.check_noted()


def republish(world: "World", source: str, first: int) -> None:
    """Put events on the bus once more, under new ids."""
    world.republished += 1
    for envelope in world.records[source].log[first - 1 :]:
        world.bus.publish(envelope, (source, envelope.position, f"again {world.republished}"))


async def intake(world: "World", record: Record, sequences: Sequence[int]) -> None:
    """Take messages in as the product's intake does: in order, once, in one transaction."""
    found = {sequence: world.bus.messages[sequence] for sequence in sequences}
    await PAUSE
    arrived = sorted((n, envelope) for n, envelope in found.items() if envelope is not None)
    envelopes = [envelope for _, envelope in arrived]
    last = {e.source: record.checkpoints.get(e.source, 0) for e in envelopes}
    ready = (
        _whatever_comes(envelopes, last)
        if "gaps noticed" in world.off
        else in_order(envelopes, last)
    )
    for envelope in ready:
        _take_one(world, record, envelope)
    if "checkpoint with effect" in world.off:
        await PAUSE
    record.checkpoints.update(last)
    await PAUSE
    for sequence, envelope in arrived:
        if sequence < len(world.bus.messages) and world.bus.messages[sequence] is envelope:
            _settle(world, record, sequence, is_done=envelope.position <= last[envelope.source])


def _settle(world: "World", record: Record, sequence: int, *, is_done: bool) -> None:
    if is_done:
        world.bus.acknowledge(record.name, sequence)
    else:
        world.bus.early(record.name, sequence)


def _whatever_comes(envelopes: list[Envelope], last: dict[str, int]) -> list[Envelope]:
    """Go on with anything that is later than the last, as if nothing could be missing."""
    ready = []
    for envelope in envelopes:
        if envelope.position > last[envelope.source]:
            last[envelope.source] = envelope.position
            ready.append(envelope)
    return ready


def _take_one(world: "World", record: Record, envelope: Envelope) -> None:
    """Let an event have its effect, or park it; what comes behind a parked one is parked too."""
    stream = (envelope.tenant, envelope.stream_id)
    blocked = {(p.envelope.tenant, p.envelope.stream_id) for p in record.parked}
    if stream in blocked and "parked behind" not in world.off:
        record.parked.append(Parked(envelope, behind=True))
    elif (record.name, *stream) in world.unreadable:
        record.parked.append(Parked(envelope, behind=False))
    else:
        effect(world, record, envelope)


def effect(world: "World", record: Record, envelope: Envelope) -> None:
    """Keep history, or react."""
    record.heard.append(envelope)
    if record.name == "gateway":
        world.models.keep(envelope)
        return
    reactions = REACTIONS[record.name].get(envelope.type)
    if reactions:
        happened = Happened(
            pure.event_of(envelope.data), envelope, world.office, world.sites[record.name]
        )
        for reaction in reactions:
            at_once(reaction.act(happened))


def take_up_again(world: "World", record: Record) -> None:
    """Take up what was parked, each stream as far as it can be read now."""
    still: list[Parked] = []
    for parked in record.parked:
        stream = (parked.envelope.tenant, parked.envelope.stream_id)
        behind = any((p.envelope.tenant, p.envelope.stream_id) == stream for p in still)
        if behind or (record.name, *stream) in world.unreadable:
            still.append(parked)
        else:
            effect(world, record, parked.envelope)
    record.parked = still


async def project(world: "World", projection: AnyProjection) -> None:
    """Fold the next batch of history into its rows, the position in the same transaction."""
    position = world.models.fold(projection)
    if "position with rows" in world.off:
        await PAUSE
    world.models.positions[projection.name] = position


async def poll(world: "World") -> None:
    """Read what the bureau tells, as the product's poller does."""
    kept, account = world.office, world.office.account
    is_free = account.leased_until is None or account.leased_until < world.now
    if account.next_poll_at > world.now or not is_free:
        return
    account.fence += 1
    account.leased_until = world.now + office.LEASE
    fence, begun = account.fence, world.now
    deep = is_deep(account.deep_at, begun)
    overlap = timedelta() if "readings overlap" in world.off else OVERLAP
    since = read_from(account.cursor, begun, overlap, deep=deep)
    try:
        told = (await world.bureau.notices(Reading(since))).notices
    except Unavailable:
        if account.fence == fence:
            account.leased_until, account.next_poll_at = None, world.now + POLL
        return
    if account.fence != fence:
        return
    for tenant, company_id in sorted(set(known.store(kept, told))):
        at_once(work.touch(kept, tenant, company_id, pure.numbered(4, fence)))
    work.look_after_poll(kept, begun)
    published = [notice.published for notice in told]
    account.cursor = max([*published, *([account.cursor] if account.cursor else [])], default=None)
    account.leased_until, account.next_poll_at = None, begun + POLL
    if deep:
        account.deep_at = world.now
        known.prune(kept, since)


async def work_on(world: "World", held: Work) -> None:
    """Take one step with one company, as the product's worker does."""
    kept: Any = world.office
    try:
        await take_step(Desk(kept, kept.streams, Account(held.account, world.bureau), held))
    except LeaseLost:
        return
    except Unavailable:
        work.put_off(kept, held, world.now + PUT_OFF)
