"""What reports cost, and who may be rated: nothing and everybody, for nobody decided otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from contracts.credit_policy import CreditPolicy
from credit_monitor.policy.next_step import DEFAULT
from support.simulation.office import Office


@asynccontextmanager
async def tenant_transaction(office: Office, _tenant: str) -> AsyncIterator[Office]:
    """Open a transaction; in memory nobody else is in between."""
    yield office


async def load(_office: Office, _tenant: str) -> CreditPolicy:
    """Return what holds until somebody decides."""
    return DEFAULT


async def nothing(*_: Any, **__: Any) -> None:
    """Keep nothing of what is paid."""


async def begin(*_: Any) -> tuple[UUID, int]:
    """Let every report be bought."""
    return UUID(int=0), 1


async def is_affordable(*_: Any) -> bool:
    """Say that there is always money."""
    return True


POLICIES = SimpleNamespace(load=load)
COSTS = SimpleNamespace(
    hold_purse=nothing,
    begin=begin,
    answered=nothing,
    release=nothing,
    is_affordable=is_affordable,
)
