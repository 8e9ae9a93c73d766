"""What is promised, held against how a world has ended."""

from collections import defaultdict
from itertools import groupby
from typing import Any

from contracts.credit_monitor import CompanyRated, CreditRatingChanged
from contracts.envelope import Envelope
from contracts.values import CreditRating
from credit_monitor.credit.state import Credit, same
from credit_monitor.facts.subject import Subject
from credit_monitor.policy.next_step import excluded, is_clear, unwanted
from support.simulation import pure
from support.simulation.bureau import rating_of
from support.simulation.cast import COMPANIES, TENANTS, WISHES
from support.simulation.models import PROJECTIONS
from support.simulation.record import SERVICES, SOURCES
from support.simulation.world import Red, World

ASKED = {(asked.command.tenant, asked.command.command_id): asked for asked in WISHES}


def check(world: World) -> None:
    """Hold a world at rest against everything that is promised."""
    for source in SOURCES:
        check_record(source, world.records[source].log)
    check_decisions(world.records["companies"].log)
    check_answers(world)
    check_heard(world)
    check_models(world)
    check_watch(world)


def check_record(source: str, log: list[Envelope]) -> None:
    """See that positions have no gaps, nor the versions of any stream."""
    versions: dict[Any, int] = defaultdict(int)
    for position, envelope in enumerate(log, 1):
        stream = (envelope.tenant, envelope.category, envelope.stream_id.int)
        versions[stream] += 1
        if (envelope.position, envelope.version) != (position, versions[stream]):
            raise Red(f"{source}: {envelope.type} at {envelope.position}, v{envelope.version}")


def check_decisions(log: list[Envelope]) -> None:
    """See that each command has, once, the events that follow from what was before it."""
    states: dict[Any, Any] = {}
    numbers: dict[Any, Any] = {}
    done: set[Any] = set()
    for command, group in groupby(log, lambda e: (e.tenant, e.command)):
        if command in done:
            raise Red(f"{command} has events in two places")
        done.add(command)
        events = [pure.event_of(envelope.data) for envelope in group]
        stream = (command[0], events[0].stream_id)
        state = states.get(stream, pure.companies.initial)
        if command in ASKED:
            expected = pure.companies.decide(ASKED[command].command, state)
            if list(expected) != events:
                raise Red(f"{ASKED[command].sentence}: {events}, where {expected} follows")
        for event in events:
            state = pure.companies.evolve(state, event)
        states[stream] = state
        numbers[stream] = state.identity.number
    held = [(tenant, number) for (tenant, _), number in numbers.items()]
    if len(set(held)) < len(held):
        raise Red(f"a number is had twice: {held}")


def check_answers(world: World) -> None:
    """See that what was answered was done, and that of what was refused there is nothing."""
    log = world.records["companies"].log
    by_command = {(envelope.tenant, envelope.command) for envelope in log}
    for wish, answer in world.asker.answers.items():
        command = WISHES[wish].command
        stream = [
            e
            for e in log[: answer.position]
            if (e.tenant, e.stream_id) == (command.tenant, command.company_id)
        ]
        # What changes nothing may have been overtaken between being decided and being answered.
        is_quiet = (command.tenant, command.command_id) not in by_command
        if len(stream) != answer.version and not (is_quiet and len(stream) > answer.version):
            raise Red(f"{WISHES[wish].sentence}: answered {answer}, there are {len(stream)}")
    for wish, code in world.asker.refusals.items():
        command = WISHES[wish].command
        if (command.tenant, command.command_id) in by_command:
            raise Red(f"{WISHES[wish].sentence}: refused as {code}, and done")


def check_heard(world: World) -> None:
    """See that each consumer had each event once, and each stream of a source in order."""
    for service in SERVICES:
        heard = world.records[service].heard
        by_source: dict[str, list[int]] = defaultdict(list)
        by_stream: dict[Any, int] = {}
        for envelope in heard:
            by_source[envelope.source].append(envelope.position)
            stream = (envelope.source, envelope.tenant, envelope.stream_id.int)
            if by_stream.get(stream, 0) >= envelope.position:
                raise Red(f"{service} had {envelope.source} {envelope.position} again or late")
            by_stream[stream] = envelope.position
        for source in SOURCES:
            expected = range(1, len(world.records[source].log) + 1)
            positions = by_source[source]
            if sorted(positions) != list(expected):
                raise Red(f"{service} had {positions} of {source}, there are {len(expected)}")
            if not world.was_unreadable and positions != list(expected):
                raise Red(f"{service} had {source} out of order: {positions}")


def check_models(world: World) -> None:
    """See that each read model is the fold of all that happened."""
    for projection in PROJECTIONS:
        expected = projection.fold(world.models.history)
        if world.models.rows[projection.name] != expected:
            raise Red(f"{projection.name} is not what its events fold to")


def check_watch(world: World) -> None:
    """See that those are watched who should be, and each change of a rating was told once."""
    told: dict[Any, list[Envelope]] = defaultdict(list)
    for envelope in world.records["credit-monitor"].log:
        told[envelope.tenant, envelope.stream_id].append(envelope)
    for tenant in TENANTS:
        watched = set()
        for company_id in COMPANIES:
            envelopes = told[tenant, company_id]
            events = [pure.event_of(envelope.data) for envelope in envelopes]
            credit = pure.credits_.fold(events)
            check_wanted(world, tenant, company_id, credit)
            ratings = check_chain(events)
            if credit.watched and ratings:
                watched.add(ratings[-1].reference)
                begun = [e.position for e in envelopes if e.type == "monitoring-started.v1"]
                check_changes(world, ratings, begun)
        members = world.bureau.members.get(f"kundvakt-{tenant}", set())
        if members != watched:
            raise Red(f"{tenant}: the bureau watches {members}, we {watched}")


def check_wanted(world: World, tenant: str, company_id: Any, credit: Credit) -> None:
    """See that a company is watched when it is to be, and only then."""
    subject = world.office.subjects.get((tenant, company_id), Subject())
    company = pure.companies.fold(
        pure.event_of(e.data)
        for e in world.records["companies"].log
        if (e.tenant, e.stream_id) == (tenant, company_id)
    )
    known = (subject.archived, subject.number, subject.relations)
    if known != (company.status == "archived", company.identity.number, set(company.relations)):
        raise Red(f"{tenant}: {subject} was learnt of {company}")
    wanted = unwanted(subject) is None and excluded(subject) is None and is_clear(subject)
    if wanted != credit.watched:
        raise Red(f"{tenant}: watched is {credit.watched} for {subject}")


def check_chain(events: list[Any]) -> list[CreditRating]:
    """See that each change begins where the one before it ended."""
    ratings: list[CreditRating] = []
    for event in events:
        if isinstance(event, CompanyRated):
            ratings = [event.rating]
        elif isinstance(event, CreditRatingChanged):
            if not same(ratings[-1], event.old) or same(event.old, event.new):
                raise Red(f"told {event.old} to {event.new} after {ratings[-1]}")
            ratings.append(event.new)
    return ratings


def check_changes(world: World, ratings: list[CreditRating], begun: list[int]) -> None:
    """See that every change since the watch began was told, each as it was, and no other.

    A change the bureau forgot may be told as part of the next one, one it told in two halves as
    two, and of what happened before the watch was begun again only the end is known; that is
    always right.
    """
    number = ratings[-1].reference.removeprefix("SE-")
    changes = world.bureau.changes.get(number, [])
    there_were = shown([rating_of(number, which) for which in (0, *(c.which for c in changes))])
    told = shown(ratings)
    since = [change for change in changes if change.after >= begun[-1]]
    moods = [change.mood for change in since]
    is_right = told[-1] == there_were[-1]
    is_halved = "tells one thing late" in moods
    late = moods.count("is late") + moods.count("is very late")
    if since and "forgets" not in moods and not is_halved and late <= 1:
        is_right = is_right and told[-len(since) :] == there_were[-len(since) :]
    # Had another change come after the next one, the bureau's report would show neither.
    is_known_whole = "forgets" not in moods[:-2] and moods.count("forgets") <= 1
    if is_known_whole and not is_halved and len(begun) == 1:
        there = iter(there_were)
        is_right = is_right and all(one in there for one in told)
    if not is_right:
        raise Red(f"{number} was told as {told}, it was {there_were}")


def shown(ratings: list[CreditRating]) -> list[str]:
    """Return ratings as they are told of."""
    return [f"{one.score}/{one.limit.amount if one.limit else None}" for one in ratings]
