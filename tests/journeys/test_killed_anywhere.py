"""Any process may be killed at any step of the main job: the end is the same."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.edge import new_id
from support.box import Client, RunningBox, eventually

pytestmark = [pytest.mark.servers, pytest.mark.journey]

HOUSE = Path(__file__).parents[2]
RELAYING = ("companies", "enrichment", "credit-monitor")
EVERYWHERE = (*RELAYING, "gateway")
MACHINERY = {
    "append": ("companies", "credit-monitor"),
    "relay": RELAYING,
    "intake": EVERYWHERE,
    "consumer": EVERYWHERE,
    "projector": ("gateway",),
}
"""Which processes pass the machinery's steps during the journey."""
ELSEWHERE = ("rebuild.", "enrichment.load-")
"""Steps of other jobs, killed in those jobs' own tests."""


def steps() -> list[tuple[str, str]]:
    """Return every process and step that the journey passes, read off the code itself."""
    found: list[tuple[str, str]] = []
    for top in ("chassis", "services"):
        for file in sorted((HOUSE / top).rglob("src/**/*.py")):
            for name in re.findall(r'\breach\(\s*f?"([^"]+)"', file.read_text()):
                area, _, step = name.partition(".")
                if name.startswith(ELSEWHERE):
                    continue
                if area == "{service}":
                    found.append(("companies", f"companies.{step}"))
                elif "{" in area:
                    found += [(service, f"{service}.{step}") for service in EVERYWHERE]
                else:
                    found += [(service, name) for service in MACHINERY.get(area, (area,))]
    return found


EXPECTED = {
    "CompanyCreated": 1,
    "RelationStarted": 1,
    "CompanyEnriched": 1,
    "CompanyRated": 1,
    "MonitoringStarted": 1,
    "CreditRatingChanged": 1,
}
"""What the journey leads to: each once, whatever died on the way."""


def journey(box: RunningBox, client: Client, number: str) -> Counter[str]:
    """Let a company be created, enriched, rated, watched and re-rated; count its events."""
    created = client.create(
        str(new_id()),
        registry={"country": "SE", "organisation_number": number},
        relations=["customer"],
    )
    company = created["company_id"]
    score = client.watched(company)["credit"]["score"]
    wanted = "63" if score != "63" else "44"
    box.bureau.post(f"/_control/companies/SE/{number}", json={"score": int(wanted)})

    def changed() -> bool | None:
        answer = client.http.get(f"/companies/{company}")
        fine = answer.status_code == 200 and answer.json()["credit"]["score"] == wanted
        return True if fine else None

    eventually(changed, "the new score on the card")
    return told(client, company)


def told(client: Client, company: str) -> Counter[str]:
    """Count a company's events once their number has stood still for as long as a poll takes."""

    def count() -> Counter[str]:
        answer = client.http.get(f"/companies/{company}/timeline", params={"limit": 200})
        return Counter(item["event"] for item in answer.json()["items"])

    seen = [Counter[str]()]

    def settled() -> Counter[str] | None:
        seen.append(count())
        same = len(seen) > 12 and len({tuple(sorted(c.items())) for c in seen[-12:]}) == 1
        return seen[-1] if same else None

    return eventually(settled, "a timeline that stands still")


@pytest.mark.parametrize(("service", "step"), steps(), ids=lambda part: part)
def test_a_process_killed_at_any_step_leaves_the_same_end(
    box: RunningBox, numbers: Iterator[str], tenant: str, service: str, step: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    armed = box.restart(service, f"{step}:1:kill")
    assert journey(box, client, number) == EXPECTED
    died = box.wait(box.box.restarted(service, armed))
    assert died != armed, f"{step} was never reached"
    box.ready()


@pytest.mark.parametrize("process", ["nats", "postgres", "creditsafe"])
def test_a_server_killed_in_the_middle_leaves_the_same_end(
    box: RunningBox, numbers: Iterator[str], tenant: str, process: str
) -> None:
    client, number = box.tenant(tenant), next(numbers)
    before = box.box.kill(process)
    assert journey(box, client, number) == EXPECTED
    box.wait(box.box.restarted(process, before))
    box.ready()
