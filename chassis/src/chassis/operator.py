"""Who runs commands on an installation, and with which rights: the administrator's.

Either the environment says where the servers are (`KUNDVAKT_DATABASE_URL`, `KUNDVAKT_NATS_URL`,
`KUNDVAKT_SECRET`), or a home does, in which `make run` is running (`KUNDVAKT_HOME`).
"""

import asyncio
import hashlib
import hmac
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from chassis.postgres import connect

if TYPE_CHECKING:
    from chassis.service import Service

PREFIX = "kundvakt"
"""What every database and role is named with."""


class NotRunning(RuntimeError):
    """Nothing says where the servers are."""


class MigrationFailed(RuntimeError):
    """A script could not be applied; nothing of it was."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The administrator's URLs and the secret that every password is derived from."""

    database_url: str
    nats_url: str
    secret: bytes
    services: dict[str, str]
    """Where each running process answers for its health."""

    def password(self, label: str) -> str:
        """Return the password that goes with a label."""
        return password(self.secret, label)

    def database(self, service: str) -> str:
        """Return the URL of a service's database, as the administrator."""
        name = f"{PREFIX}_{service.replace('-', '_')}"
        return urlunsplit(urlsplit(self.database_url)._replace(path=f"/{name}"))

    def role(self, service: str) -> str:
        """Return the role of a service."""
        return f"{PREFIX}_{service.replace('-', '_')}"


def derive(secret: bytes, label: str) -> str:
    """Return 64 hexadecimal digits that belong to a label and a secret (HMAC-SHA256)."""
    return hmac.new(secret, label.encode(), hashlib.sha256).hexdigest()


def password(secret: bytes, label: str) -> str:
    """Return a password; it begins with a letter, for nats-server reads digits as a number."""
    return f"k{derive(secret, label)[:40]}"


def operator() -> Operator:
    """Find out where the servers are; raises `NotRunning`."""
    home = Path(os.environ.get("KUNDVAKT_HOME", ".kundvakt"))
    urls: dict[str, str] = {}
    if (home / "run.json").exists():
        urls = json.loads((home / "run.json").read_text())["urls"]
    secret = os.environ.get("KUNDVAKT_SECRET", "").encode()
    if not secret and (home / "secret").exists():
        secret = (home / "secret").read_text().encode()
    database_url = os.environ.get("KUNDVAKT_DATABASE_URL") or urls.get("database", "")
    nats_url = os.environ.get("KUNDVAKT_NATS_URL") or urls.get("nats", "")
    if not (database_url and nats_url and secret):
        raise NotRunning(
            f"Nothing runs in {home}. Start it with `make run`, name its home in KUNDVAKT_HOME,"
            " or set KUNDVAKT_DATABASE_URL, KUNDVAKT_NATS_URL and KUNDVAKT_SECRET."
        )
    services = {name: url for name, url in urls.items() if url.startswith("http")}
    return Operator(database_url, nats_url, secret, services)


def installed() -> "list[Service]":
    """Return the services installed here."""
    return [entry.load() for entry in sorted(entry_points(group="kundvakt.services"))]


def as_owner(site: Operator, service: str, act: Callable[[Any], Awaitable[None]]) -> None:
    """Do something in a service's database as the owner of its tables."""
    _as(site, service, f"{PREFIX}_owner", act)


def as_service(site: Operator, service: str, act: Callable[[Any], Awaitable[None]]) -> None:
    """Do something in a service's database as the service: row-level security holds for owners."""
    _as(site, service, site.role(service), act)


def _as(site: Operator, service: str, role: str, act: Callable[[Any], Awaitable[None]]) -> None:

    async def do() -> None:
        connection = await connect(
            site.database(service), "operator", statement_timeout="0", lock_timeout="0"
        )
        try:
            await connection.execute(f'SET ROLE "{role}"')
            own = site.role(service)
            await connection.execute("SELECT set_config('app.service_role', $1, false)", own)
            await act(connection)
        finally:
            await connection.close()

    asyncio.run(do())
