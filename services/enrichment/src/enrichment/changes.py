"""What a registry says anew: taken into the copy that is read, whole, and found at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from chassis.failpoints import reach
from chassis.tenancy import Connection
from enrichment.copying import ENTRY_COLUMNS, entry_of, told_by
from enrichment.formats.listing import Listing
from enrichment.formats.source import Form

CHANGES_MAX = 1_000
"""At once: more would keep the next caller waiting for long."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a registry says of a number now, in the form of one of its files, and of which day."""

    form: Form
    listing: Listing
    as_of: datetime


async def take_changes(connection: Connection, changes: Sequence[Change]) -> None:
    """Take in what registries say anew; of several changes of a number the last counts.

    The caller may note in the same transaction how far it has come.
    """
    last = {(one.listing.country, one.listing.number, one.form.rank): one for one in changes}
    rows = list(last.values())
    async with connection.transaction():
        for start in range(0, len(rows), CHANGES_MAX):
            some = [_row(one) for one in rows[start : start + CHANGES_MAX]]
            await connection.execute("SELECT registry.take($1::jsonb)", orjson.dumps(some).decode())
        reach("enrichment.changes-taken")


async def purge(connection: Connection, country: str, numbers: Sequence[str]) -> None:
    """Forget numbers that a registry has removed for legal reasons."""
    await connection.execute("SELECT registry.purge($1, $2)", country, list(numbers))


def _row(change: Change) -> dict[str, Any]:
    row = dict(zip(ENTRY_COLUMNS, entry_of(change.form, 0, change.listing), strict=True))
    return {
        **row,
        "form": change.form.name,
        "facts": told_by(change.listing.facts).decode(),
        "as_of": change.as_of.isoformat(),
    }
