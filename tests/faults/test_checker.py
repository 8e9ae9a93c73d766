"""The checker itself: sound records are green, and each kind of harm turns its invariant red."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from chassis.edge import derived_id
from support.faults.checker import check
from support.faults.findings import DOUBLED, LOST, Report
from support.faults.ledger import Entry, Intent
from support.faults.record import Fact, Model, Record

STREAM = UUID(int=1)
CANARIES = {"t1": "canary0000000001", "t2": "canary0000000002"}


def entry(key: str, said: str = "ok", position: int | None = None) -> Entry:
    intent = Intent(key, "t1", "POST", "/companies", {}, mark=f"mark-{key}", changes=True)
    done = Entry(intent)
    done.first = done.last = said  # type: ignore[assignment]
    done.position = position
    return done


def fact(position: int, key: str, version: int | None = None, **changed: object) -> Fact:
    made = Fact(
        id=UUID(int=100 + position),
        source="companies",
        position=position,
        tenant="t1",
        category="company",
        stream=STREAM,
        version=version or position,
        type="company-created.v1",
        command=derived_id("t1", "key", key),
        data=f'{{"name": "mark-{key}"}}',
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def sound() -> tuple[Record, list[Entry]]:
    """Return three commands, of which two were done and one refused, and what they left."""
    facts = [fact(1, "a"), fact(2, "b"), fact(3, "b")]
    answers = {
        ("t1", derived_id("t1", "key", "a")): {"position": 1},
        ("t1", derived_id("t1", "key", "b")): {"position": 3},
    }
    rows = {("t1", "row"): "hash"}
    record = Record(
        facts={"companies": facts},
        answers={"companies": answers},
        relayed={"companies": 3},
        bus=list(facts),
        history=[replace(one, seq=one.position) for one in facts],
        history_head=3,
        checkpoints={("gateway", "companies"): 3},
        models={"list": Model(rows, dict(rows), 3)},
    )
    return record, [entry("a", "ok", 1), entry("b", "ok", 3), entry("c", "refused")]


def judged(harm: Callable[[Record, list[Entry]], object]) -> Report:
    record, ledger = sound()
    harm(record, ledger)
    return check(record, ledger, CANARIES)


def test_a_sound_record_is_green() -> None:
    report = judged(lambda *_: None)
    assert report.findings == ()
    assert report.acknowledged == 2


def lose(record: Record, _: list[Entry]) -> None:
    record.answers["companies"].pop(("t1", derived_id("t1", "key", "a")))


def double(record: Record, _: list[Entry]) -> None:
    for facts in (record.facts["companies"], record.bus, record.history):
        facts.append(fact(4, "a", seq=4))
    record.relayed["companies"] = record.history_head = 4
    record.checkpoints["gateway", "companies"] = record.models["list"].position = 4


def test_a_lost_command_is_counted() -> None:
    report = judged(lose)
    assert "I1" in report.red
    assert report.count(LOST) == 1


def test_a_doubled_command_is_counted() -> None:
    report = judged(double)
    assert report.red == {"I2"}
    assert report.count(DOUBLED) == 1


HARMS: dict[str, tuple[str, Callable[[Record, list[Entry]], object]]] = {
    "another answer kept": ("I1", lambda _, ledger: setattr(ledger[0], "position", 2)),
    "another payload kept": ("I1", lambda _, ledger: setattr(ledger[0].intent, "mark", "other")),
    "refused and done": ("I2", lambda _, ledger: setattr(ledger[0], "last", "refused")),
    "half done": (
        "I2",
        lambda record, ledger: (setattr(ledger[0], "last", "unknown"), lose(record, ledger)),
    ),
    "gap of positions": (
        "I3",
        lambda record, _: record.facts["companies"].__setitem__(2, fact(4, "b", 3)),
    ),
    "gap of versions": (
        "I3",
        lambda record, _: record.facts["companies"].__setitem__(2, fact(3, "b", 7)),
    ),
    "history out of order": (
        "I3",
        lambda record, _: record.history.__setitem__(
            slice(1, 3), [fact(3, "b", seq=2), fact(2, "b", seq=3)]
        ),
    ),
    "head of history elsewhere": ("I3", lambda record, _: setattr(record, "history_head", 9)),
    "row differs": (
        "I4",
        lambda record, _: record.models["list"].live.update({("t1", "row"): "other"}),
    ),
    "row missing": ("I4", lambda record, _: record.models["list"].live.clear()),
    "row too many": ("I4", lambda record, _: record.models["list"].folded.clear()),
    "read model behind": ("I4", lambda record, _: setattr(record.models["list"], "position", 2)),
    "not on the bus": ("I5", lambda record, _: record.bus.pop()),
    "not in history": ("I5", lambda record, _: record.history.pop(0)),
    "twice in history": ("I5", lambda record, _: record.history.append(fact(3, "b", seq=4))),
    "never happened": ("I5", lambda record, _: record.bus.append(fact(9, "x"))),
    "changed on its way": (
        "I5",
        lambda record, _: record.bus.__setitem__(0, fact(1, "a", data="{}")),
    ),
    "published out of order": ("I5", lambda record, _: record.bus.reverse()),
    "relay behind": ("I5", lambda record, _: record.relayed.update(companies=1)),
    "consumer behind": (
        "I5",
        lambda record, _: record.checkpoints.update({("gateway", "companies"): 2}),
    ),
    "parked": ("I5", lambda record, _: record.parked.append("something")),
    "another's canary": (
        "I7",
        lambda record, _: record.history.__setitem__(0, fact(1, "a", seq=1, data=CANARIES["t2"])),
    ),
}


@pytest.mark.parametrize(("invariant", "harm"), HARMS.values(), ids=HARMS.keys())
def test_each_harm_turns_its_invariant_red(
    invariant: str, harm: Callable[[Record, list[Entry]], object]
) -> None:
    assert invariant in judged(harm).red


def test_a_repetition_on_the_bus_is_no_harm() -> None:
    assert judged(lambda record, _: record.bus.append(record.bus[0])).findings == ()
