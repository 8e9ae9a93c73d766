"""The registries' own files: downloaded when they are new, whole, and loaded as they are."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner, Result

from chassis.cli import commands
from enrichment.formats.source import form_of, opened
from standins.testing import StandIn

FILES = {
    "bolagsverket_bulkfil.zip",
    "enheter.json.gz",
    "scb_bulkfil.zip",
    "underenheter.json.gz",
}
Fetch = Callable[[], Result]


@pytest.fixture
def fetch(registries: StandIn, tmp_path: Path) -> Fetch:
    """Return what runs the operator's command."""
    told = {
        "KUNDVAKT_REGISTRIES_OPEN": "brreg",
        "KUNDVAKT_BRREG_URL": f"{registries.url}/enhetsregisteret/api",
        "KUNDVAKT_BOLAGSVERKET_FILES_URL": registries.url,
        "KUNDVAKT_BOLAGSVERKET_CLIENT_ID": "demo",
    }

    def run() -> Result:
        words = ["registry", "fetch", str(tmp_path / "files")]
        return CliRunner().invoke(commands(words[0]), words, env=told)

    return run


def test_files_are_fetched_once_and_can_be_loaded(fetch: Fetch, tmp_path: Path) -> None:
    first = fetch()
    assert first.exit_code == 0, first.stderr
    assert {Path(line).name for line in first.stdout.split()} == FILES
    for name in FILES:
        path = tmp_path / "files" / name
        with opened(path) as file:
            assert next(iter(form_of(path).read(file)))
    again = fetch()
    assert (again.exit_code, again.stdout) == (0, "")


def test_a_download_that_breaks_off_leaves_what_was_there(
    fetch: Fetch, registries: StandIn, tmp_path: Path
) -> None:
    assert fetch().exit_code == 0
    file = tmp_path / "files" / "enheter.json.gz"
    before = file.read_bytes()
    (tmp_path / "files" / "tags.json").write_text("{")
    registries.control("POST", "faults", {"fail": "disconnect", "path": "enheter/lastned"})
    broken = fetch()
    assert broken.exit_code == 1
    assert "brreg" in broken.stderr
    assert file.read_bytes() == before
    assert fetch().exit_code == 0


def test_a_registry_that_is_making_its_files_is_told_with_its_name(
    fetch: Fetch, registries: StandIn
) -> None:
    registries.control("POST", "faults", {"status": 503, "path": "lastned", "times": None})
    refused = fetch()
    assert (refused.exit_code, "503" in refused.stderr) == (1, True)


def test_without_sources_it_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "chassis.cli", "registry", "fetch", str(tmp_path)],
        env={name: value for name, value in os.environ.items() if "KUNDVAKT" not in name},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "No source" in done.stderr) == (1, True)


@pytest.mark.parametrize("kind", ["enheter", "underenheter"])
def test_the_bulk_file_says_the_same_as_csv(registries: StandIn, tmp_path: Path, kind: str) -> None:
    said = []
    for name in ("lastned", "lastned/csv"):
        answer = httpx2.get(f"{registries.url}/enhetsregisteret/api/{kind}/{name}")
        path = tmp_path / "file"
        path.write_bytes(answer.content)
        with opened(path) as file:
            said.append(list(form_of(path).read(file)))
    as_json, as_csv = said
    assert as_json
    assert as_csv == as_json
