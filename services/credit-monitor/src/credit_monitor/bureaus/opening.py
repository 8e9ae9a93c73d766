"""The bureaus there are: what each wants to log in with, and how an account there is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chassis.tenancy import Pool
from credit_monitor.bureaus.connect import Connect
from credit_monitor.bureaus.creditsafe import Creditsafe
from credit_monitor.bureaus.dnb import Dnb
from credit_monitor.bureaus.dnb_login import direct
from credit_monitor.bureaus.line import Line
from credit_monitor.bureaus.logins import Logins
from credit_monitor.bureaus.port import Archive, Bureau
from credit_monitor.bureaus.reported import Reported
from credit_monitor.bureaus.tic import Hook, Tic, lens
from credit_monitor.settings import CreditSettings


@dataclass(frozen=True, slots=True)
class Opening:
    """What an account is opened with."""

    owner: str | None
    given: Mapping[str, str]
    settings: CreditSettings
    logins: Logins
    archive: Archive
    pool: Pool
    hook: Hook


Opened: TypeAlias = tuple[Bureau, Line | None]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "creditsafe": ("username", "password"),
    "dnb": ("key", "secret"),
    "tic": ("key",),
    "csv": (),
}
"""What each bureau wants to log in with; nothing means that there is nobody to log in to."""


COUNTRIES: Mapping[str, frozenset[str]] = {
    "creditsafe": Creditsafe.countries,
    "dnb": Dnb.countries,
    "tic": Tic.countries,
    "csv": Reported.countries,
}
"""Whose companies each bureau rates."""


def _creditsafe(opening: Opening) -> Opened:
    settings = opening.settings
    line = Connect(
        settings.creditsafe_url,
        opening.given["username"],
        opening.given["password"],
        opening.logins,
        settings.bureau_left_alone_seconds,
    )
    return Creditsafe(line, settings.creditsafe_timezone, opening.archive), line


def _dnb(opening: Opening) -> Opened:
    settings = opening.settings
    line = direct(
        settings.dnb_url,
        opening.given["key"],
        opening.given["secret"],
        opening.logins,
        left_alone_seconds=settings.bureau_left_alone_seconds,
    )
    return Dnb(line, opening.archive), line


def _tic(opening: Opening) -> Opened:
    settings = opening.settings
    line = lens(
        settings.tic_url,
        opening.given["key"],
        opening.logins,
        left_alone_seconds=settings.bureau_left_alone_seconds,
    )
    return Tic(line, opening.archive, opening.hook), line


def _csv(opening: Opening) -> Opened:
    return Reported(opening.pool, opening.owner or ""), None


OPENERS: Mapping[str, Callable[[Opening], Opened]] = {
    "creditsafe": _creditsafe,
    "dnb": _dnb,
    "tic": _tic,
    "csv": _csv,
}


def shared(settings: CreditSettings, bureau: str) -> Mapping[str, str] | None:
    """Return the deployment's own credentials at a bureau, if it has any."""
    fields = FIELDS[bureau]
    given = {
        "creditsafe": (settings.creditsafe_username, settings.creditsafe_password),
        "dnb": (settings.dnb_key, settings.dnb_secret),
        "tic": (settings.tic_key,),
    }.get(bureau, ())
    texts = [each if isinstance(each, str) else each.get_secret_value() for each in given]
    return dict(zip(fields, texts, strict=True)) if all(texts) else None


def opened(bureau: str, opening: Opening) -> Opened:
    """Open an account, and return its client where it has one."""
    return OPENERS[bureau](opening)
