"""The drill: the database server is lost with its disk, and comes back from base and archive."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from chassis.edge import new_id
from onebox.box import Options
from onebox.home import Home
from support.archived import ArchivedPostgres, archived_postgres
from support.box import Client, RunningBox, eventually, limited_companies, running_box
from support.journey import EXPECTED, journey

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(300)]

THE_MOMENT = "before-the-mistake"
SETTLED = "CompanyNotInRegistry"
"""What the registry says of a company without a number, and the last that happens by itself."""
MOVING = (
    *("checkpoints", "relay", "work", "accounts", "listings", "portfolios", "notices"),
    *("projections", "history_head"),
)
"""What goes on by itself: how far everybody is, and whom the bureau is to be asked about next."""


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder of the test's own: other sessions shut what pytest shares to Postgres."""
    with TemporaryDirectory(prefix="kundvakt-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def postgres(place: Path) -> Iterator[ArchivedPostgres]:
    with archived_postgres(place / "server", Home(place)) as server:
        yield server


@pytest.fixture
def box(place: Path, postgres: ArchivedPostgres) -> Iterator[RunningBox]:
    with running_box(place / "box", Options(database_url=postgres.url)) as running:
        yield running


def kundvakt(box: RunningBox, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "chassis.cli", *words],
        env={**os.environ, "KUNDVAKT_HOME": str(box.box.home.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def held(box: RunningBox) -> dict[str, str]:
    """Return the hash of every table that only changes when somebody does something."""
    lines = (line.split() for line in kundvakt(box, "digest").splitlines())
    return {
        f"{database} {table}": f"{rows} {sha}"
        for database, table, rows, sha in lines
        if table.removeprefix("public.") not in MOVING
    }


def at_rest(box: RunningBox) -> dict[str, str]:
    """Return the hashes once all that follows from what was done has been written."""
    seen = [held(box)]

    def still() -> bool | None:
        seen.append(held(box))
        return seen[-1] == seen[-2] or None

    eventually(still, "tables at rest")
    return seen[-1]


def company(client: Client, name: str) -> str:
    """Create a company by hand; return its id once all that follows has happened."""
    made = client.create(str(new_id()), name=name, country="SE", relations=["other"])
    company_id = str(made["company_id"])
    path = f"/companies/{company_id}/timeline"
    eventually(lambda: SETTLED in client.http.get(path).text or None, f"all of {name}")
    return company_id


def timeline(client: Client, company_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/companies/{company_id}/timeline")["items"]
    return items


@pytest.mark.parametrize(
    "target",
    [{}, {"recovery_target_name": THE_MOMENT, "recovery_target_action": "promote"}],
    ids=["all there is", "one moment"],
)
def test_from_base_and_archive_everything_comes_back_and_goes_on(
    box: RunningBox, postgres: ArchivedPostgres, tenant: str, target: Mapping[str, str]
) -> None:
    client, numbers = box.tenant(tenant), limited_companies(box)
    first = company(client, "Före AB")
    postgres.back_up()
    with_base = at_rest(box)
    assert journey(box, client, next(numbers)) == EXPECTED
    second = company(client, "Efter AB")
    then, told = at_rest(box), {one: timeline(client, one) for one in (first, second)}
    postgres.ask("SELECT pg_create_restore_point($1)", THE_MOMENT)
    mistake = company(client, "Misstag AB")
    last = at_rest(box)
    assert with_base != then != last
    postgres.archive_all()

    postgres.destroy()
    postgres.restore(target)
    assert held(box) == (then if target else last)
    box.ready()
    kundvakt(box, "stream", "rebuild")
    assert journey(box, client, next(numbers)) == EXPECTED
    assert {one: timeline(client, one) for one in told} == told
    found = client.http.get(f"/companies/{mistake}").status_code
    assert found == (404 if target else 200)


def test_a_base_without_its_archive_is_not_enough(
    box: RunningBox, postgres: ArchivedPostgres, tenant: str
) -> None:
    client = box.tenant(tenant)
    postgres.back_up()
    company(client, "Efter AB")
    last = at_rest(box)
    postgres.archive_all()
    postgres.destroy()
    for segment in postgres.archive.iterdir():
        segment.unlink()
    postgres.restore({})
    assert held(box) != last
