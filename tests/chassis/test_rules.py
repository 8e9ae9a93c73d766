"""What the machinery must never do, looked for in every service that is installed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from faststream.middlewares import AckPolicy
from faststream.nats import NatsRouter

from chassis import failpoints, logs, wire
from chassis.operator import installed

HOUSE = Path(__file__).parents[2]
SOURCES = sorted(
    file for top in ("chassis", "services") for file in (HOUSE / top).rglob("src/**/*.py")
)


def subscribers() -> list[Any]:
    broker = wire.broker("nats://localhost:1", "test", "_INBOX_test")
    for service in installed():
        broker.include_routers(*service.routers)
    return list(broker.subscribers)


def test_no_subscriber_drops_a_message_at_its_first_error() -> None:
    broker = wire.broker("nats://localhost:1", "test", "_INBOX_test")
    assert broker.config.ack_policy is AckPolicy.NACK_ON_ERROR
    found = subscribers()
    assert found
    assert {subscriber.ack_policy for subscriber in found} <= {
        AckPolicy.NACK_ON_ERROR,
        AckPolicy.MANUAL,
    }
    assert [f for f in SOURCES if "REJECT_ON_ERROR" in f.read_text()] == []


def test_a_subscriber_of_a_router_that_says_nothing_would_be_found() -> None:
    router = NatsRouter()
    router.subscriber("x")
    broker = wire.broker("nats://localhost:1", "test", "_INBOX_test")
    broker.include_router(router)
    assert [s.ack_policy for s in broker.subscribers] == [AckPolicy.REJECT_ON_ERROR]


HEARD_BY_ALL = frozenset(
    {"enrichment.query.forget-search", "credit-monitor.query.hint-from-bureau"}
)
"""Nothing is answered: whichever replica is at it stops; all may note that a poll is due."""


def test_every_subscriber_that_answers_shares_its_queue_with_its_replicas() -> None:
    for subscriber in subscribers():
        subject = subscriber.subject.broker_address
        if subject in HEARD_BY_ALL:
            assert subscriber.queue == "", subject
            continue
        assert subscriber.queue == subject.partition(".")[0], subject


def test_no_service_declares_a_stream() -> None:
    for file in SOURCES:
        text = file.read_text()
        for declared in re.findall(r"\bJStream\(([^)]*)\)", text):
            assert "declare=False" in declared, file
        # What the administrator runs.
        if file.name not in {"stream.py", "commands.py"}:
            assert not re.search(r"\b(add|update|delete|purge)_stream\(", text), file


def test_only_who_asks_others_has_a_line_to_each_server() -> None:
    services = installed()
    assert [service.name for service in services if service.asks] == ["gateway"]
    asking = {
        file.relative_to(HOUSE / "services").parts[0]
        for file in SOURCES
        if (HOUSE / "services") in file.parents and "site.ask." in file.read_text()
    }
    assert asking == {"gateway"}


def test_a_point_is_passed_until_its_turn_and_only_where_it_is_armed() -> None:
    failpoints.arm("test.here:3:raise")
    try:
        for _ in range(2):
            failpoints.reach("test.here")
            failpoints.reach("test.there")
        with pytest.raises(failpoints.Failure, match=r"test\.here"):
            failpoints.reach("test.here")
        failpoints.reach("test.here")
    finally:
        failpoints.arm("")
    failpoints.reach("test.here")


def test_lines_are_columns_for_people_and_json_for_machines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        for form in ("json", "columns"):
            logs.configure(form)
            wire.log.info("said", number=1)
            logs.logging.getLogger("other").warning("from elsewhere")
        machine, elsewhere, person, person_elsewhere = capsys.readouterr().out.splitlines()
    finally:
        logs.structlog.reset_defaults()
        logs.logging.basicConfig(handlers=[], force=True)
    line = json.loads(machine)
    assert (line["event"], line["level"], line["number"]) == ("said", "info", 1)
    assert json.loads(elsewhere)["event"] == "from elsewhere"
    assert "said" in person
    assert "number=1" in person
    assert "from elsewhere" in person_elsewhere
