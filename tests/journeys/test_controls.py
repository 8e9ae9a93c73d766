"""With a protection taken away, the journey that kills processes turns red."""

from pathlib import Path

import pytest

from support import box as beside
from support.box import limited_companies, running_box
from support.journey import EXPECTED, journey

pytestmark = [pytest.mark.servers, pytest.mark.journey, pytest.mark.faults]

SABOTAGE = Path(__file__).parents[1] / "support" / "sabotage"
NOTICED_SECONDS = 8.0
"""Longer than the journey takes where nothing is taken away."""
CONTROLS = {
    "forget-commands": ("companies", "companies.command-committed"),
    "publish-after-remembering": ("companies", "sabotage.remembered"),
    "checkpoint-before-effect": ("enrichment", "sabotage.checkpointed"),
}


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
        number = next(limited_companies(running))
        client = running.tenant(tenant)
        running.restart(service, f"{step}:1:kill")
        try:
            same = journey(running, client, number) == EXPECTED
        except AssertionError:
            same = False
    assert same is (protection is None)
