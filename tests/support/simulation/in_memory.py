"""Tables in memory in the place of the modules that ask Postgres.

What the product does with them, step by step, is its own code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import chassis.reaction
import credit_monitor.reactions
import credit_monitor.working.desk
import credit_monitor.working.reports
import credit_monitor.working.settling
import credit_monitor.working.steps
import enrichment.reactions
from chassis.edge import derived_id
from support.simulation import pure
from support.simulation.bureau import Clock
from support.simulation.cast import REGISTRY
from support.simulation.known import LISTINGS, NOTICES, SUBJECTS
from support.simulation.office import Office
from support.simulation.purse import COSTS, POLICIES, tenant_transaction
from support.simulation.work import WORK

SILENT = SimpleNamespace(info=lambda *_, **__: None, warning=lambda *_, **__: None)
PURSE = {"costs": COSTS, "policies": POLICIES}
TABLES = {"work": WORK, "listings": LISTINGS, "notices": NOTICES, "subjects": SUBJECTS}


async def set_tenant(_office: Office, _tenant: str) -> None:
    """Need no setting: every key here begins with the tenant."""


async def find_in_registry(_office: Office, _country: str, number: str) -> Any:
    """Return what the registry says about a number."""
    return REGISTRY.get(number)


class _Present:
    """The clock of whichever world is being played."""

    clock: Clock


@contextmanager
def at(clock: Clock) -> Iterator[None]:
    """Let it be what time it is in a world."""
    before = getattr(_Present, "clock", clock)
    _Present.clock = clock
    yield
    _Present.clock = before


def _now() -> datetime:
    return _Present.clock.now


async def know_nothing(*_: object) -> None:
    """Leave the table of numbers alone: no registry changes anything here."""


@contextmanager
def in_memory() -> Iterator[None]:
    """Let the product's steps and reactions work on tables in memory, and by the world's clock."""
    remembered_id = lru_cache(maxsize=100_000)(derived_id)
    with (
        patch.multiple(
            credit_monitor.working.desk,
            now=_now,
            derived_id=remembered_id,
            credits_=pure.credits_,
            **TABLES,
            **PURSE,
        ),
        patch.multiple(
            credit_monitor.working.steps,
            log=SILENT,
            work=WORK,
            listings=LISTINGS,
            subjects=SUBJECTS,
        ),
        patch.multiple(credit_monitor.working.settling, log=SILENT, **TABLES),
        patch.multiple(
            credit_monitor.working.reports,
            log=SILENT,
            work=WORK,
            tenant_transaction=tenant_transaction,
            **PURSE,
        ),
        patch.multiple(
            credit_monitor.reactions,
            work=WORK,
            subjects=SUBJECTS,
            policies=POLICIES,
            set_tenant=set_tenant,
            learn=pure.learn,
        ),
        patch.multiple(
            enrichment.reactions,
            find=find_in_registry,
            know=know_nothing,
            registry_facts=pure.registry_facts,
        ),
        patch.multiple(chassis.reaction, derived_id=remembered_id),
    ):
        yield
