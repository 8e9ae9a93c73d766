"""The invariants, each a pure look at the ledger and the record; what is wrong has a name."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from support.faults.findings import DOUBLED, LOST, Finding, Report
from support.faults.ledger import Entry
from support.faults.record import Fact, Record
from support.faults.wishes import CANARY


def check(
    record: Record, ledger: Iterable[Entry] = (), canaries: Mapping[str, str] | None = None
) -> Report:
    """Judge everything."""
    entries = list(ledger)
    findings = (
        *answers_have_their_events(record, entries),
        *refusals_left_nothing(record, entries),
        *versions_are_contiguous(record),
        *read_models_are_folds(record),
        *the_same_everywhere(record),
        *tenants_are_apart(record, canaries or {}),
    )
    return Report(sum(entry.last == "ok" for entry in entries), findings)


def answers_have_their_events(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    """I1: what was acknowledged is there, once, and as it was said."""
    by_command = _by_command(record.facts.get("companies", ()))
    for entry in entries:
        intent, where = entry.intent, _where(entry)
        found = by_command.get((intent.tenant, intent.command_id), [])
        kept = record.answers.get("companies", {}).get((intent.tenant, intent.command_id))
        if entry.last == "ok":
            if kept is None or (intent.changes and not found):
                yield Finding("I1", LOST, where)
            elif kept["position"] != entry.position:
                yield Finding("I1", "another answer was kept", f"{where}: {kept}")
            elif intent.mark and not any(intent.mark in fact.data for fact in found):
                yield Finding("I1", "another payload was kept", where)


def refusals_left_nothing(record: Record, entries: Sequence[Entry]) -> Iterator[Finding]:
    """I2: what was refused left no trace; what is unknown left all of it or nothing."""
    by_command = _by_command(record.facts.get("companies", ()))
    answers = record.answers.get("companies", {})
    for entry in entries:
        at = (entry.intent.tenant, entry.intent.command_id)
        if entry.last == "refused" and (at in by_command or at in answers):
            yield Finding("I2", "refused and yet done", _where(entry))
        if entry.last == "unknown" and at in by_command and at not in answers:
            yield Finding("I2", "half done", _where(entry))
    for service, facts in record.facts.items():
        known = record.answers[service]
        for at, found in _by_command(facts).items():
            if at not in known:
                yield Finding("I2", "events without their command", f"{service} {at}")
            else:
                yield from _once(found, known[at], f"{service} {at}")


def _once(found: Sequence[Fact], kept: Mapping[str, int], where: str) -> Iterator[Finding]:
    """Find a command whose events are not one block that ends where its answer says."""
    positions = sorted(fact.position for fact in found)
    block = list(range(kept["position"] - len(found) + 1, kept["position"] + 1))
    if positions != block:
        yield Finding("I2", DOUBLED, f"{where}: at {positions}, answered {kept['position']}")


def versions_are_contiguous(record: Record) -> Iterator[Finding]:
    """I3: positions have no gaps, versions neither, and history has each stream in order."""
    for service, facts in record.facts.items():
        yield from _gapless("position", service, [fact.position for fact in facts])
        yield from _streams_in_order(service, facts)
    yield from _gapless("seq", "history", [fact.seq for fact in record.history])
    yield from _streams_in_order("history", record.history)
    if record.history and record.history_head != record.history[-1].seq:
        yield Finding("I3", "history's head is elsewhere", str(record.history_head))


def _gapless(what: str, where: str, numbers: Sequence[int]) -> Iterator[Finding]:
    for before, after in pairwise((0, *numbers)):
        if after != before + 1:
            yield Finding("I3", f"gap or repetition of {what}", f"{where}: {before} then {after}")


def _streams_in_order(where: str, facts: Iterable[Fact]) -> Iterator[Finding]:
    versions: dict[tuple[str, str, UUID], int] = defaultdict(int)
    for fact in facts:
        at = (fact.tenant, fact.category, fact.stream)
        if fact.version != versions[at] + 1:
            wrong = f"{where} {at}: {versions[at]} then {fact.version}"
            yield Finding("I3", "versions out of order", wrong)
        versions[at] = fact.version


def read_models_are_folds(record: Record) -> Iterator[Finding]:
    """I4: each row is what its events fold to, and no row is there besides."""
    for name, model in record.models.items():
        if model.position != record.history_head:
            wrong = f"{name} at {model.position} of {record.history_head}"
            yield Finding("I4", "read model behind", wrong)
        for at in model.live.keys() | model.folded.keys():
            if model.live.get(at) != model.folded.get(at):
                yield Finding("I4", "row is not the fold of its events", f"{name} {at}")


def the_same_everywhere(record: Record) -> Iterator[Finding]:
    """I5: the record, the bus and history hold the same; everybody has taken it in."""
    heads = record.heads
    first: dict[UUID, Fact] = {}
    for fact in record.bus:
        first.setdefault(fact.id, fact)
    heard = {fact.id: fact for fact in record.history}
    if len(heard) != len(record.history):
        yield Finding("I5", DOUBLED, "an event stands twice in history")
    for service, facts in record.facts.items():
        kept = {fact.id: fact for fact in facts}
        for name, others in (("bus", first), ("history", heard)):
            theirs = {id_: fact for id_, fact in others.items() if fact.source == service}
            yield from _compare(f"{name} of {service}", kept, theirs)
        on_bus = [fact.position for fact in first.values() if fact.source == service]
        if on_bus != sorted(on_bus):
            yield Finding("I5", "published out of order", service)
        if record.relayed[service] != heads[service]:
            wrong = f"{service} at {record.relayed[service]} of {heads[service]}"
            yield Finding("I5", "relay behind", wrong)
    for (consumer, source), position in record.checkpoints.items():
        if source in heads and position != heads[source]:
            wrong = f"{consumer} at {position} of {heads[source]} of {source}"
            yield Finding("I5", "consumer elsewhere", wrong)
    for parked in record.parked:
        yield Finding("I5", "parked", parked)


def _compare(
    where: str, kept: Mapping[UUID, Fact], theirs: Mapping[UUID, Fact]
) -> Iterator[Finding]:
    for missing in kept.keys() - theirs.keys():
        yield Finding("I5", "event missing", f"{where}: {kept[missing].position}")
    for unknown in theirs.keys() - kept.keys():
        yield Finding("I5", "event that never happened", f"{where}: {theirs[unknown].position}")
    for common in kept.keys() & theirs.keys():
        if _meaning(kept[common]) != _meaning(theirs[common]):
            yield Finding("I5", "event changed on its way", f"{where}: {kept[common].position}")


def _meaning(fact: Fact) -> tuple[object, ...]:
    return (fact.position, fact.tenant, fact.stream, fact.version, fact.type, fact.data)


def tenants_are_apart(record: Record, canaries: Mapping[str, str]) -> Iterator[Finding]:
    """I7: a tenant's canary stands in nothing that is another's."""
    for fact in (*record.history, *record.bus):
        own = canaries.get(fact.tenant)
        if own and (foreign := set(CANARY.findall(fact.data)) - {own}):
            yield Finding("I7", "another tenant's canary", f"{fact.tenant}: {foreign}")


def _by_command(facts: Iterable[Fact]) -> dict[tuple[str, UUID], list[Fact]]:
    found: dict[tuple[str, UUID], list[Fact]] = {}
    for fact in facts:
        found.setdefault((fact.tenant, fact.command), []).append(fact)
    return found


def _where(entry: Entry) -> str:
    intent = entry.intent
    return f"{intent.tenant} {intent.method} {intent.path} {intent.key} {entry.status}"
