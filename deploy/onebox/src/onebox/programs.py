"""How each process is run, and what it alone is told."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from onebox.addresses import LOOPBACK, as_role, free_port
from onebox.home import Home
from onebox.permissions import inbox
from onebox.probe import answers
from onebox.program import Program

PREFIX = "kundvakt"
OTHERS = {"dnb": ("KEY", "SECRET"), "tic": ("KEY",)}
"""Bureaus besides Creditsafe that have a stand-in, and what an account there is named by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service runs: its servers, its port, the bureaus by name; and its mail server."""

    home: Home
    database_url: str
    nats_url: str
    port: int
    bureaus: Mapping[str, str]
    smtp_url: str = ""


@dataclass(frozen=True, slots=True)
class Bureau:
    """A stand-in bureau and where it is reached."""

    program: Program
    url: str


@dataclass(frozen=True, slots=True)
class CatchingMail:
    """The mail server that delivers nothing, where it takes mails and where it shows them."""

    program: Program
    url: str
    smtp_url: str


def role_url(home: Home, admin_url: str, role: str, database: str) -> str:
    """Return the database URL of one of our roles."""
    return as_role(admin_url, role, home.password(role), database)


def servers(name: str, home: Home, admin_url: str, nats_url: str) -> dict[str, str]:
    """Return what a service is told of its servers, wherever it runs."""
    role = f"{PREFIX}_{name.replace('-', '_')}"

    def url(as_whom: str, database: str) -> str:
        return role_url(home, admin_url, as_whom, database)

    told = {
        "KUNDVAKT_DATABASE_URL": url(role, role),
        "KUNDVAKT_KEYS_DATABASE_URL": url(role, f"{PREFIX}_keys"),
        "KUNDVAKT_MASTER_KEY": home.derive("master-key"),
        "KUNDVAKT_NATS_URL": nats_url,
        "KUNDVAKT_NATS_INBOX_PREFIX": inbox(name),
    }
    if name == "gateway":
        told["KUNDVAKT_READER_DATABASE_URL"] = url(f"{role}_reader", role)
    return told


def service(name: str, place: Place, environment: Mapping[str, str]) -> Program:
    """Return how a service is run: as its own role and user, with no other's address."""
    told = {
        **servers(name, place.home, place.database_url, place.nats_url),
        "PYTHONUNBUFFERED": "1",
    }
    told["KUNDVAKT_HTTP_PORT" if name == "gateway" else "KUNDVAKT_OPS_PORT"] = str(place.port)
    if name == "credit-monitor":
        told["KUNDVAKT_CREDITSAFE_URL"] = f"{place.bureaus['creditsafe']}/v1"
        # Whoever names a mail server or another bureau of their own means it.
        environment = {
            "KUNDVAKT_SMTP_URL": place.smtp_url,
            **accounts_at(place.bureaus),
            **environment,
        }
    return Program(
        name,
        (sys.executable, "-m", "chassis.run", name),
        {**environment, **told},
        ready=lambda: answers(f"http://{LOOPBACK}:{place.port}/readyz"),
        stop_seconds_max=2.5,
    )


def accounts_at(bureaus: Mapping[str, str]) -> dict[str, str]:
    """Return how credit-monitor reaches the bureaus besides Creditsafe, and is let in there."""
    told: dict[str, str] = {}
    for name, secrets in OTHERS.items():
        if name in bureaus:
            own = f"KUNDVAKT_{name.upper()}"
            told |= {f"{own}_URL": bureaus[name], **{f"{own}_{one}": "demo" for one in secrets}}
    return told


def bureau(home: Home, name: str, every_seconds: float = 0.0) -> Bureau:
    """Return a stand-in bureau; now and then it changes a rating by itself, if it is to."""
    port = free_port()
    command = (sys.executable, "-m", f"standins.{name}", "--port", str(port))
    changing = ("--demo-every", f"{every_seconds:g}") if every_seconds else ()
    url = f"http://{LOOPBACK}:{port}"
    program = Program(
        name,
        (*command, "--state", str(home.bureau(name)), *changing),
        ready=lambda: answers(f"{url}/healthz"),
        stop_seconds_max=1.0,
    )
    return Bureau(program, url)


def mail(home: Home) -> CatchingMail:
    """Return the mail server that catches what is sent."""
    port, smtp_port = free_port(), free_port()
    command = (sys.executable, "-m", "standins.mail", "--port", str(port))
    url = f"http://{LOOPBACK}:{port}"
    program = Program(
        "mail",
        (*command, "--smtp-port", str(smtp_port), "--state", str(home.mail)),
        ready=lambda: answers(f"{url}/healthz"),
        stop_seconds_max=1.0,
    )
    return CatchingMail(program, url, f"smtp://{LOOPBACK}:{smtp_port}")
