"""An installation that asks registries: what our copy lacks, and what changes, over HTTP."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from chassis.edge import new_id
from enrichment.commands import SEED
from enrichment.sample.company import Sampled, companies
from enrichment.sample.files import companies_among, shares, write_sample
from standins.registries import foreign
from standins.testing import StandIn
from support.box import SAMPLE_ROWS, Client, RunningBox, eventually, running_box
from support.faults.arms import Arms
from support.faults.steps import steps_of_jobs

pytestmark = [pytest.mark.servers, pytest.mark.journey, pytest.mark.faults]

STEPS = [step for job, step in steps_of_jobs() if job == "feeds"]
FINNISH = list(foreign.numbers(foreign.FINNISH_WEIGHTS, 9_000_000))


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Run the stand-in on twice as many companies as the installation has in its copy."""
    folder = tmp_path_factory.mktemp("registries")
    write_sample(folder / "sample", SEED, 2 * SAMPLE_ROWS)
    with StandIn(folder, "--sample", str(folder / "sample"), provider="registries") as running:
        yield running


@pytest.fixture(scope="module")
def arms(home: Path) -> Arms:
    """Return what arms the failpoints of this module's own box."""
    return Arms(home / "registries-arms")


@pytest.fixture(scope="module")
def box(home: Path, registries: StandIn, arms: Arms) -> Iterator[RunningBox]:
    told = {
        "KUNDVAKT_REGISTRIES_OPEN": "brreg,prh",
        "KUNDVAKT_REGISTRY_FEED_SECONDS": "0.2",
        "KUNDVAKT_BRREG_URL": f"{registries.url}/enhetsregisteret/api",
        "KUNDVAKT_PRH_URL": f"{registries.url}/opendata-ytj-api/v3",
    }
    with running_box(home / "registries", **told, **arms.environment) as running:
        yield running


@pytest.fixture(autouse=True)
def behaving(registries: StandIn, arms: Arms) -> Iterator[None]:
    yield
    registries.control("DELETE", "faults")
    arms.disarm()


@pytest.fixture
def client(box: RunningBox, tenant: str) -> Client:
    return box.tenant(tenant)


@pytest.fixture(scope="module")
def known() -> Iterator[Sampled]:
    """Yield active Norwegian companies of our copy."""
    _, norwegian = shares(companies_among(SAMPLE_ROWS))
    found = companies(SEED, "NO", norwegian)
    return (one for one in found if not one.deregistered_on and not one.proceeding and one.units)


@pytest.fixture(scope="module")
def lacking() -> Iterator[Sampled]:
    """Yield active Norwegian companies that only the registry has."""
    _, few = shares(companies_among(SAMPLE_ROWS))
    _, norwegian = shares(companies_among(2 * SAMPLE_ROWS))
    found = list(companies(SEED, "NO", norwegian))[few:]
    return (one for one in found if not one.deregistered_on and not one.proceeding)


def change(registries: StandIn, number: str, kind: str = "enheter", **wish: Any) -> None:
    registries.control("POST", f"documents/{kind}/{number}", wish)


def created(client: Client, country: str, number: str) -> str:
    wish = {"country": country, "organisation_number": number}
    company_id: str = client.create(str(new_id()), registry=wish, relations=["customer"])[
        "company_id"
    ]
    return company_id


def names(client: Client, company_id: str) -> Counter[str]:
    answer = client.http.get(f"/companies/{company_id}/timeline", params={"limit": 200})
    if answer.status_code != 200:
        return Counter()
    return Counter(item["event"] for item in answer.json()["items"])


def told(client: Client, company_id: str, event: str, times: int = 1) -> None:
    eventually(lambda: names(client, company_id)[event] >= times or None, f"{times} times {event}")


def test_a_company_that_our_copy_lacks_can_be_looked_up_and_created(
    client: Client, lacking: Iterator[Sampled]
) -> None:
    one = next(lacking)
    entry = client.get(f"/registry/companies/NO/{one.number}")
    assert (entry["name"], entry["outcome"], entry["registry"]) == (one.name, "found", "brreg")
    company = created(client, "NO", one.number)
    told(client, company, "CompanyEnriched")


def test_a_slow_registry_is_waited_for_as_long_as_anybody_would(
    client: Client, registries: StandIn, lacking: Iterator[Sampled]
) -> None:
    one = next(lacking)
    registries.control("POST", "faults", {"slow_seconds": 1.0, "path": f"enheter/{one.number}"})
    assert client.get(f"/registry/companies/NO/{one.number}")["name"] == one.name


def test_an_unknown_number_a_removed_one_and_a_registry_away_are_told_apart(
    client: Client, registries: StandIn, lacking: Iterator[Sampled]
) -> None:
    def asked(number: str) -> tuple[int, str]:
        answer = client.http.get(f"/registry/companies/NO/{number}")
        return answer.status_code, answer.json()["code"]

    assert asked("974760673") == (404, "registry-entry-unknown")
    removed = next(lacking).number
    change(registries, removed, state="removed")
    assert asked(removed) == (410, "registry-entry-removed")
    registries.control("POST", "faults", {"status": 503, "times": None, "path": "api/enheter"})
    assert asked(next(lacking).number) == (503, "registry-not-reached")
    wish = {"country": "NO", "organisation_number": next(lacking).number}
    answer = client.http.post(
        "/companies", json={"registry": wish}, headers={"Idempotency-Key": str(new_id())}
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "registry-not-reached")


def test_what_a_registry_changes_is_on_the_card_within_seconds(
    client: Client, registries: StandIn, known: Iterator[Sampled]
) -> None:
    one = next(known)
    company = created(client, "NO", one.number)
    told(client, company, "CompanyEnriched")
    change(registries, one.number, set={"navn": "ETTERFØLGEREN AS", "konkurs": True})
    change(
        registries,
        one.units[0].number,
        "underenheter",
        set={"nedleggelsesdato": "2026-11-20"},
    )
    told(client, company, "CompanyEnriched", 2)
    told(client, company, "SubUnitClosed")
    card = eventually(
        lambda: found if (found := client.get(f"/companies/{company}"))["proceedings"] else None,
        "the bankruptcy on the card",
    )
    assert [each["kind"] for each in card["proceedings"]] == ["bankruptcy"]
    found = client.get("/registry/companies", q="etterfølgeren")["items"]
    assert [hit["organisation_number"] for hit in found] == [one.number]


def test_a_bankruptcy_in_the_registry_reaches_the_owner_though_no_bureau_knows_the_company(
    box: RunningBox, client: Client, registries: StandIn, known: Iterator[Sampled]
) -> None:
    one = next(known)
    email = f"anna@{client.tenant}.example"
    user = {"name": "Anna", "email": email, "role": "user"}
    anna = client.http.post("/users", json=user).json()["user_id"]
    wish = {"country": "NO", "organisation_number": one.number}
    # A supplier is rated by nobody.
    company = client.create(
        str(new_id()), registry=wish, relations=["supplier-product"], owners=[anna]
    )["company_id"]
    told(client, company, "CompanyEnriched")
    with client.events() as live:
        change(registries, one.number, set={"konkurs": True})
        eventually(lambda: live.named("CreditAlertRaised") or None, "the alert, live")
    (alert,) = eventually(
        lambda: client.get("/alerts", company=company)["items"] or None, "the alert, listed"
    )
    assert (alert["kind"], alert["told_to"]) == ("BANKRUPTCY", [anna])
    credit = client.get(f"/companies/{company}")["credit"]
    assert credit is None or credit["band"] is None

    def mails() -> list[dict[str, Any]]:
        with httpx2.Client(base_url=box.box.urls["mail"], timeout=10) as http:
            caught = http.get("/_control/mails").json()
        return [mail for mail in caught if mail["recipient"] == email]

    (mail,) = eventually(lambda: mails() or None, "the mail")
    assert "konkurs" in mail["subject"]


def test_a_value_set_by_hand_is_kept_and_the_registrys_is_proposed(
    client: Client, registries: StandIn, known: Iterator[Sampled]
) -> None:
    one = next(known)
    company = created(client, "NO", one.number)
    told(client, company, "CompanyEnriched")
    card = client.http.get(f"/companies/{company}")
    changed = client.http.patch(
        f"/companies/{company}",
        json={"name": "Vårt eget navn"},
        headers={"Idempotency-Key": str(new_id()), "If-Match": card.headers["ETag"]},
    )
    assert changed.is_success, changed.text
    told(client, company, "CompanyDetailsChanged")
    change(registries, one.number, set={"navn": "REGISTERETS NAVN AS"})
    told(client, company, "RegistryChangeProposed")
    assert client.get(f"/companies/{company}")["name"] == "Vårt eget navn"


@pytest.mark.faults
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_of_a_feed_or_a_question_it_tells_once(
    client: Client, registries: StandIn, arms: Arms, known: Iterator[Sampled], step: str
) -> None:
    box = client.running
    one, number = next(known), FINNISH[100 + STEPS.index(step)]
    company = created(client, "NO", one.number)
    told(client, company, "CompanyEnriched")
    armed = box.box.processes["enrichment"]
    arms.arm(f"enrichment={step}:1:kill")
    change(registries, one.number, set={"navn": f"DREPT {STEPS.index(step)} AS"})
    foreigner = client.create(
        str(new_id()), name="Ulkomaalainen", country="FI", organisation_number=number
    )["company_id"]
    eventually(lambda: box.box.processes.get("enrichment", armed) != armed or None, "a death")
    box.ready()
    told(client, company, "CompanyEnriched", 2)
    make_due(box)
    told(client, foreigner, "CompanyEnriched")
    registries.control("POST", f"feed/enheter/{one.number}/1")
    kundvakt(box, "registry", "sync", "--wait", "20")
    assert names(client, company)["CompanyEnriched"] == 2
    assert names(client, foreigner)["CompanyEnriched"] == 1


def test_an_operator_has_the_feeds_read_now_or_is_told_why_not(
    box: RunningBox, registries: StandIn
) -> None:
    done = kundvakt(box, "registry", "sync", "--wait", "20")
    assert (done.returncode, "2 feeds are read to their ends" in done.stdout) == (0, True)
    registries.control("POST", "faults", {"status": 503, "times": None, "path": "enhets"})
    done = kundvakt(box, "registry", "sync", "--wait", "15")
    assert done.returncode == 1
    assert "brreg enheter" in done.stderr


def test_how_the_registries_are_doing_is_on_the_metrics(box: RunningBox) -> None:
    text = httpx2.get(f"{box.box.urls['enrichment']}/metrics").text
    for name in (
        'kundvakt_registry_feed_position{feed="enheter",source="brreg"}',
        'kundvakt_registry_companies{country="NO"}',
        'kundvakt_registry_age_seconds{country="SE"}',
        'kundvakt_registry_call_seconds_count{outcome="200",purpose="feed",source="brreg"}',
    ):
        assert name in text


def make_due(box: RunningBox) -> None:
    """Let nothing that a dead process had in hand wait until its lease runs out."""

    async def do() -> None:
        url = box.box.role_url("kundvakt_enrichment", "kundvakt_enrichment")
        connection = await asyncpg.connect(url)
        await connection.execute("UPDATE questions SET due_at = now() WHERE attempts > 0")
        await connection.close()

    box.wait(do())


def kundvakt(box: RunningBox, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "chassis.cli", *words],
        env={**os.environ, "KUNDVAKT_HOME": str(box.box.home.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
