"""What an installation holds, as one hash a table: two that hold the same say the same.

It proves a restored backup, and that what runs is what was rebuilt. Rows are hashed in an order
of their own, so that it does not matter where they lie.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.operator import Operator
from chassis.postgres import connect
from chassis.service import Service

TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY n.nspname, c.relname
"""
ROWS = 'SELECT t::text FROM {table} t ORDER BY t::text COLLATE "C"'


@dataclass(frozen=True, slots=True)
class Digest:
    """One table's rows, counted and hashed."""

    database: str
    table: str
    rows: int
    sha256: str


async def digests(site: Operator, services: Sequence[Service]) -> AsyncIterator[Digest]:
    """Yield every table of every database of an installation."""
    for name in (*(service.name for service in services), "keys"):
        unlimited = {"statement_timeout": "0", "timezone": "UTC"}
        connection = await connect(site.database(name), "digest", **unlimited)
        try:
            # All tables as they are at one moment.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                for row in await connection.fetch(TABLES):
                    yield await _digest(connection, site.role(name), row["name"])
        finally:
            await connection.close()


async def _digest(connection: Any, database: str, table: str) -> Digest:
    sha = hashlib.sha256()

    async def take(part: bytes) -> None:
        sha.update(part)

    done = await connection.copy_from_query(ROWS.format(table=table), output=take)
    return Digest(database, table, int(done.split()[-1]), sha.hexdigest())
