"""What operators do, done to a running installation by its own command line."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import nats
import pytest
from typer.testing import CliRunner

from chassis.cli import commands
from chassis.edge import new_id
from onebox import programs
from onebox.addresses import free_port
from onebox.program import Child
from support.box import Client, RunningBox, eventually
from support.journey import EXPECTED, journey

pytestmark = [pytest.mark.servers, pytest.mark.journey]

LAST_OF_ITS_OWN = "CompanyNotInRegistry"
"""What the registry says of a company without a number, and the last that happens by itself."""


def told(box: RunningBox) -> dict[str, str]:
    """Return what a command is told."""
    return {"KUNDVAKT_HOME": str(box.box.home.path), "COLUMNS": "200"}


def kundvakt(box: RunningBox, *words: str) -> str:
    """Run a command, here, and return what it said."""
    done = CliRunner().invoke(commands(words[0]), words, env=told(box))
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


def as_process(box: RunningBox, *words: str) -> str:
    """Run a command as people do, which mostly waits for Python, and return what it said."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "chassis.cli", *words],
        env={**os.environ, **told(box)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def company(client: Client, name: str) -> dict[str, object]:
    """Create a company by hand and wait until nothing more will happen to it by itself."""
    created = client.create(str(new_id()), name=name, country="SE", relations=["other"])
    path = f"/companies/{created['company_id']}"

    def settled() -> dict[str, object] | None:
        told = client.http.get(f"{path}/timeline")
        seen = {item["event"] for item in told.json()["items"]} if told.is_success else set()
        return client.get(path) if LAST_OF_ITS_OWN in seen else None

    return eventually(settled, f"all that follows from creating {name}")


def test_all_processes_are_well(box: RunningBox) -> None:
    said = as_process(box, "health")
    assert re.findall(r"^(\S+) +ready$", said, re.MULTILINE) == [
        "companies",
        "enrichment",
        "credit-monitor",
        "gateway",
    ]


def test_an_installation_describes_itself(box: RunningBox) -> None:
    said = kundvakt(box, "describe")
    for part in ("companies.command.company", "CompanyRated", "company_card"):
        assert part in said


def test_a_tenant_and_a_key_are_added_and_the_key_revoked(box: RunningBox, tenant: str) -> None:
    kundvakt(box, "tenant", "add", tenant, "--name", "Bergs Bygg AB")
    key = re.search(r"kv_\S+", kundvakt(box, "key", "add", "--tenant", tenant, "--role", "user"))
    assert key
    client = Client(box, key[0], tenant)
    assert client.get("/companies")["items"] == []
    kundvakt(box, "key", "revoke", key[0].split("_")[1])
    eventually(
        lambda: client.http.get("/companies").status_code == 401 or None, "the key refused", 3
    )


def test_a_user_is_added_changed_and_listed(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    about = ("--name", "Kari Nordmann", "--email", "kari@firma.example", "--role", "user")
    user_id = kundvakt(box, "user", "add", "--tenant", tenant, *about).strip()

    def is_known(role: str) -> bool | None:
        return any(item["role"] == role for item in client.get("/users")["items"]) or None

    eventually(lambda: is_known("user"), "the user")
    said = kundvakt(box, "user", "list", "--tenant", tenant)
    assert re.search(f"{user_id} +user +active +Kari Nordmann", said)
    kundvakt(box, "user", "change", "--tenant", tenant, user_id, "--role", "reader", "--inactive")
    eventually(lambda: is_known("reader"), "the change")
    said = kundvakt(box, "user", "list", "--tenant", tenant)
    assert re.search(f"{user_id} +reader +inactive +Kari Nordmann", said)
    (item,) = client.get("/users")["items"]
    assert (item["email"], item["role"], item["active"]) == ("kari@firma.example", "reader", False)


def test_rebuilt_read_models_show_the_same(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    for name in ("Ett AB", "Två AB", "Tre AB"):
        company(client, name)
    before = client.get("/companies", sort="name")
    cards = [client.get(f"/companies/{item['company_id']}") for item in before["items"]]
    said = as_process(box, "rebuild", "all")
    assert "company_card" in said
    assert client.get("/companies", sort="name") == before
    assert [client.get(f"/companies/{card['company_id']}") for card in cards] == cards


def test_after_a_rebuilt_stream_everything_goes_on_and_nothing_comes_twice(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client = box.tenant(tenant)
    seen = company(client, "Före AB")
    before = client.get(f"/companies/{seen['company_id']}/timeline")["items"]
    kundvakt(box, "stream", "rebuild")
    assert journey(box, client, next(numbers)) == EXPECTED
    assert client.get(f"/companies/{seen['company_id']}/timeline")["items"] == before


def test_replaying_a_source_changes_nothing(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    seen = company(client, "Ett AB")
    before = client.get(f"/companies/{seen['company_id']}/timeline")["items"]
    kundvakt(box, "replay", "gateway", "companies", "1")
    company(client, "Två AB")
    assert client.get(f"/companies/{seen['company_id']}/timeline")["items"] == before


def test_garbage_on_the_bus_is_parked_shown_and_dropped(box: RunningBox, tenant: str) -> None:
    async def litter() -> None:
        connection = await nats.connect(box.box.nats_url("admin"))
        await connection.jetstream().publish(f"evt.{tenant}.company.x.nonsense", b"\xff\x00{")
        await connection.close()

    asyncio.run(litter())
    said = eventually(
        lambda: (
            said
            if len(re.findall("no envelope", said := kundvakt(box, "parked", "list"))) >= 3
            else None
        ),
        "the garbage parked by each that listens to companies",
    )
    for service, number in re.findall(r"^(\S+) (\d+) .*no envelope", said, re.MULTILINE):
        kundvakt(box, "parked", "drop", service, number)
    assert "no envelope" not in kundvakt(box, "parked", "list")
    company(box.tenant(tenant), "Efter AB")


@pytest.mark.faults
def test_a_second_gateway_serves_the_same_and_takes_over(box: RunningBox, tenant: str) -> None:
    client = box.tenant(tenant)
    port = free_port()
    place = programs.Place(
        box.box.home, box.box.urls["database"], box.box.nats_url("gateway"), port, {}
    )
    second = Child(programs.service("gateway", place, {}), box.box.home.logs / "second.log")
    second.start({})
    try:
        other = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1", headers=client.http.headers, timeout=10
        )
        with other:
            eventually(lambda: other.get("/companies").status_code == 200 or None, "the second")
            first = company(client, "Ett AB")
            assert other.get(f"/companies/{first['company_id']}").json()["name"] == "Ett AB"
            box.box.kill("gateway")
            body = {"name": "Två AB", "country": "SE", "relations": ["other"]}
            made = other.post("/companies", json=body).json()
            path, after = f"/companies/{made['company_id']}", {"after": made["position"]}
            eventually(
                lambda: other.get(path, params=after).status_code == 200 or None, "its card there"
            )
    finally:
        box.wait(second.stop())
        box.ready()


def test_operators_see_how_it_stands_with_a_bureau_and_act(
    box: RunningBox, numbers: Iterator[str], tenant: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
    )
    client.watched(str(created["company_id"]))
    assert f"{tenant}: 1 watched, no difference" in kundvakt(
        box, "credit", "reconcile", "--tenant", tenant
    )
    status = kundvakt(box, "credit", "status")
    assert re.search(r"^creditsafe: open, read \d+ s ago, 0 failures", status, re.MULTILINE)
    assert re.search(r"creditsafe report: \d+ calls", status)
    assert kundvakt(box, "credit", "pause", "creditsafe", "--tenant", tenant) == "paused\n"
    assert f"{tenant}: 1 watched" in kundvakt(box, "credit", "status")
    assert kundvakt(box, "credit", "resume", "creditsafe") == "resumed\n"
    assert "read again from" in kundvakt(
        box, "credit", "replay", "creditsafe", "--since", "2026-11-01"
    )
    assert kundvakt(box, "credit", "undelivered", "--tenant", tenant) == ""
    said = kundvakt(box, "credit", "re-rate", "--tenant", tenant, "--yes")
    assert said.startswith("1 reports: at creditsafe")
