"""Everything runs once for all journeys; each has a tenant and companies of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.box import RunningBox, running_box


@pytest.fixture(scope="session")
def box(home: Path) -> Iterator[RunningBox]:
    """Run all of Kundvakt as processes."""
    with running_box(home / "box") as running:
        yield running


@pytest.fixture(scope="session")
def numbers(box: RunningBox) -> Iterator[str]:
    """Yield Swedish limited companies of the sample registry, another one each time."""
    client = box.tenant("number-finder")
    found: list[str] = []
    for letter in "abcdefghijklmnopqrstuvwxyz":
        answer = client.get("/registry/companies", q=letter, country="SE", limit=50)
        found += [
            item["organisation_number"]
            for item in answer["items"]
            if item["legal_form"] == "AB" and item["active"]
        ]
    known = [
        number
        for number in dict.fromkeys(found)
        if box.bureau.get(f"/_control/companies/SE/{number}").status_code == 200
    ]
    return iter(known)
