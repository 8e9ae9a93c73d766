"""What the page for operators says about backups, done word by word."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.journey import EXPECTED, journey
from support.stack import ROOT, Stack

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
PAGE = (ROOT / "docs" / "howto" / "back-up-and-restore.md").read_text()


def test_what_was_backed_up_is_restored_and_goes_on(
    stack: Stack, numbers: Iterator[str], tenant: str, tmp_path: Path
) -> None:
    client = stack.tenant(tenant)
    assert journey(stack, client, next(numbers)) == EXPECTED  # type: ignore[arg-type]
    stack.follow(PAGE, "Take a base backup", tmp_path)
    assert journey(stack, client, next(numbers)) == EXPECTED  # type: ignore[arg-type]
    before = client.get("/companies")["items"]
    stack.follow(PAGE, "Note what is held", tmp_path)
    assert "kundvakt_companies public.events" in (tmp_path / "before.txt").read_text()
    stack.signal("postgres", 9)
    for section in ("Restore", "Prove it", "Go on"):
        stack.follow(PAGE, section, tmp_path)
    stack.healed("gateway")
    assert client.get("/companies")["items"] == before
    assert journey(stack, client, next(numbers)) == EXPECTED  # type: ignore[arg-type]
