"""What a run is told, and what it tells."""

from typing import Any

import pytest

from contracts.catalogue import EVENTS
from contracts.examples import example
from onebox.__main__ import failpoints, passed_on, standing_in
from onebox.addresses import as_role, as_user
from onebox.box import SERVICES
from onebox.programs import accounts_at
from onebox.tale import TOLD, line


def test_a_failpoint_is_one_services_or_everyones() -> None:
    assert failpoints("") == {}
    assert failpoints("companies=relay.read:2:kill") == {"companies": "relay.read:2:kill"}
    assert failpoints("relay.read:2:kill") == dict.fromkeys(SERVICES, "relay.read:2:kill")


def test_what_is_meant_for_the_run_is_not_passed_on() -> None:
    told = {
        "KUNDVAKT_DATABASE_URL": "the administrator's",
        "KUNDVAKT_HOME": "here",
        "KUNDVAKT_LOG_LEVEL": "DEBUG",
        "OTEL_SERVICE_NAME": "x",
        "PATH": "/bin",
    }
    assert passed_on(told) == {"KUNDVAKT_LOG_LEVEL": "DEBUG", "OTEL_SERVICE_NAME": "x"}


def test_a_bureau_at_which_somebody_has_an_account_does_not_stand_in() -> None:
    assert standing_in({}) == ("dnb", "tic")
    assert standing_in({"KUNDVAKT_DNB_KEY": "ours", "KUNDVAKT_HOME": "here"}) == ("tic",)


def test_credit_monitor_is_let_in_where_bureaus_stand_in() -> None:
    urls = {"creditsafe": "http://one", "tic": "http://two"}
    assert accounts_at(urls) == {"KUNDVAKT_TIC_URL": "http://two", "KUNDVAKT_TIC_KEY": "demo"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://a:b@/postgres?host=%2Ftmp&port=1", "postgresql://r:p@/d?host=%2Ftmp&port=1"),
        ("postgresql://a:b@db:5432/postgres", "postgresql://r:p@db:5432/d"),
        ("postgresql://db", "postgresql://r:p@db/d"),
    ],
)
def test_a_role_reaches_its_own_database_on_the_same_server(url: str, expected: str) -> None:
    assert as_role(url, "r", "p", "d") == expected


def test_several_servers_are_reached_as_the_same_user() -> None:
    assert as_user("nats://a:b@n1:4222,nats://n2", "u", "p") == "nats://u:p@n1:4222,nats://u:p@n2"


def document(event: str) -> dict[str, Any]:
    data = example(EVENTS[event]).model_dump(mode="json")
    return {"time": "2026-11-23T09:00:00Z", "type": event, "data": data}


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_event_is_told_in_one_line(event: str) -> None:
    told = line(EVENTS[event].__name__, document(event), "Fjord Bygg AB")
    assert "\n" not in told
    assert EVENTS[event].__name__ in told
    assert len(told) < 160


def test_a_changed_rating_is_told_with_both() -> None:
    told = line("CreditRatingChanged", document("credit-rating-changed.v1"), "Fjord Bygg AB")
    assert told.endswith("C 48, limit 350 000 SEK  →  B 63, limit 500 000 SEK")


def test_only_events_that_exist_are_told_of() -> None:
    assert set(TOLD) <= {form.__name__ for form in EVENTS.values()}
