"""A migration that changes what is there does so as the service: the owner sees no row."""

import re

import pytest

from chassis.migrate import scripts
from chassis.run import find
from onebox.box import SERVICES

FUNCTIONS = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
CHANGES = re.compile(
    r"^(?:UPDATE|DELETE FROM|INSERT INTO(?=[^;]*\bSELECT\b)) (?!registry\.)", re.MULTILINE
)
"""Of a table with tenants: the registry's own have none."""
SCRIPTS = {name: sql for each in SERVICES for name, sql in scripts(find(each))}


def changes(sql: str) -> bool:
    """Say whether a script changes rows that are there; what functions do they do later."""
    return bool(CHANGES.search(FUNCTIONS.sub("", sql)))


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_there_is_changed_as_the_service(name: str) -> None:
    before, _, _ = SCRIPTS[name].partition("SELECT app.as_service();")
    assert not changes(before)


def test_that_there_is_such_a_script_is_seen() -> None:
    assert changes(SCRIPTS["enrichment.migrations/0017_companies_known.sql"])
    assert changes("INSERT INTO known (a)\nSELECT b FROM events;")
    assert not changes("INSERT INTO relay DEFAULT VALUES;\nSELECT app.protect('events');")
