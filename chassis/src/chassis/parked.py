"""What could not be taken in, taken up again when an operator says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog

from chassis.consumer import applier
from chassis.intake import reason_of
from chassis.postgres import TRANSIENT
from chassis.projector import Table, fold_into
from chassis.site import Site
from chassis.tenancy import Connection
from contracts.envelope import envelope_from

log = structlog.get_logger()

LOOK_SECONDS = 1.0
ONE = """
SELECT seq, tenant_id, stream_id, version, type, id::text AS id, at, by,
       correlation::text AS correlation, causation::text AS causation, data::text AS data
FROM history WHERE seq = $1
"""


async def retry_parked(site: Site) -> None:
    """Take up again what operators asked for, for as long as the service runs."""
    while True:
        try:
            while await retry_one(site):
                pass
        except TRANSIENT as error:
            log.warning("retry interrupted", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)


async def retry_one(site: Site) -> bool:
    """Take up the oldest event that is asked for; say whether there was one.

    When it fails again its stream stays parked, with the new reason.
    """
    async with site.pool.acquire() as lent, lent.transaction():
        row = await lent.fetchrow(
            "SELECT * FROM parked WHERE retry ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
        if row is None:
            return False
        try:
            async with lent.transaction():
                await _again(site, row)(lent)
        except TRANSIENT:
            raise
        except Exception as error:  # noqa: BLE001 - it stays parked, whatever it is
            await lent.execute(
                "UPDATE parked SET retry = false,"
                " reason = CASE WHEN id = $1 THEN $2 ELSE reason END"
                " WHERE consumer = $3 AND tenant_id = $4 AND stream_id IS NOT DISTINCT FROM $5",
                row["id"],
                reason_of(error),
                row["consumer"],
                row["tenant_id"],
                row["stream_id"],
            )
            log.warning("parked again", consumer=row["consumer"], type=row["type"])
        else:
            await lent.execute("DELETE FROM parked WHERE id = $1", row["id"])
            log.info("taken up again", consumer=row["consumer"], type=row["type"])
    return True


def _again(site: Site, row: Any) -> Callable[[Connection], Awaitable[None]]:
    """Return what takes this event in."""

    async def event(connection: Connection) -> None:
        envelope = envelope_from(orjson.loads(row["headers"]), row["body"])
        await applier(site)(connection, [envelope])

    async def projection(connection: Connection) -> None:
        name = row["consumer"].partition(":")[2]
        one = next(p for p in site.service.projections if p.name == name)
        state = await connection.fetchrow(
            "SELECT table_name FROM projections WHERE name = $1 FOR UPDATE", name
        )
        if state is None:
            raise ConnectionError(f"read model {name} is not built")
        told = await connection.fetch(ONE, row["position"])
        await fold_into(connection, one, Table(one, state["table_name"]), told)

    return projection if row["consumer"].startswith("projection:") else event
