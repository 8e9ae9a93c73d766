"""An account at a bureau: the deployment's, which tenants share, or a tenant's own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from credit_monitor.bureaus.port import Bureau

SHARED_DEFAULT = "creditsafe"
"""Where a tenant is that has chosen nothing."""


def key_of(bureau: str, owner: str | None) -> str:
    """Return what an account is known by: its bureau, and its tenant where it is one's own."""
    return f"{bureau}/{owner}" if owner else bureau


def parts_of(key: str) -> tuple[str, str | None]:
    """Return an account's bureau, and its tenant where it is one's own."""
    bureau, _, owner = key.partition("/")
    return bureau, owner or None


async def plainly(reference: str) -> str:
    """Hide nothing."""
    return reference


@dataclass(frozen=True, slots=True)
class Account:
    """An account, opened: cursor, refusals, pace, circuits and hands are its own.

    `hidden` returns what is kept instead of a reference that is made of a person's number.
    """

    key: str
    bureau: Bureau
    hidden: Callable[[str], Awaitable[str]] = plainly
