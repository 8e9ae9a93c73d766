"""With a protection taken away, the journey that kills processes turns red."""

from pathlib import Path

import pytest

from support import box as beside
from support.box import running_box
from support.journey import EXPECTED, journey

pytestmark = [pytest.mark.servers, pytest.mark.journey]

SABOTAGE = Path(__file__).parents[1] / "support" / "sabotage"
NOTICED_SECONDS = 8.0
"""Longer than the journey takes where nothing is taken away."""
CONTROLS = {
    "forget-commands": ("companies", "companies.command-committed"),
    "publish-after-remembering": ("companies", "sabotage.remembered"),
    "checkpoint-before-effect": ("enrichment", "sabotage.checkpointed"),
}


def number_of(running: beside.RunningBox) -> str:
    client = running.tenant("number-finder")
    found = client.get("/registry/companies", q="a", country="SE", limit=50)["items"]
    return next(
        item["organisation_number"]
        for item in found
        if item["legal_form"] == "AB" and item["active"] and known(running, item)
    )


def known(running: beside.RunningBox, item: dict[str, str]) -> bool:
    path = f"/_control/companies/SE/{item['organisation_number']}"
    return running.bureau.get(path).status_code == 200


@pytest.mark.parametrize("protection", [None, *CONTROLS])
def test_without_a_protection_the_end_is_another(
    home: Path, monkeypatch: pytest.MonkeyPatch, tenant: str, protection: str | None
) -> None:
    service, step = CONTROLS.get(protection or "", ("enrichment", "intake.begun"))
    environment = {"PYTHONPATH": str(SABOTAGE)}
    if protection:
        environment["KUNDVAKT_TEST_SABOTAGE"] = protection
        monkeypatch.setattr(beside, "SETTLE_SECONDS_MAX", NOTICED_SECONDS)
    with running_box(home / (protection or "none"), **environment) as running:
        number = number_of(running)
        client = running.tenant(tenant)
        running.restart(service, f"{step}:1:kill")
        try:
            same = journey(running, client, number) == EXPECTED
        except AssertionError:
            same = False
    assert same is (protection is None)
