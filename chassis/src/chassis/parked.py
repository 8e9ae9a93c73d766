"""What could not be taken in, taken up again when an operator says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog

from chassis.applying import HISTORY, fold_into
from chassis.consumer import applier
from chassis.incoming import reason_of
from chassis.postgres import TRANSIENT, passes
from chassis.site import Site
from chassis.table import Table
from chassis.tenancy import Connection
from contracts.envelope import envelope_from

log = structlog.get_logger()

LOOK_SECONDS = 1.0
PROJECTION = "projection:"
"""What the consumers of history are named with: the read models."""


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

    When it fails again its stream stays parked, with the new reason. When it is taken in, what
    waits behind it comes next, also what was parked there in the meantime.
    """
    async with site.pool.acquire() as lent, lent.transaction():
        consumer = await lent.fetchval(
            "SELECT consumer FROM parked WHERE retry ORDER BY id LIMIT 1"
        )
        if consumer is None:
            return False
        await _hold(lent, consumer)
        row = await lent.fetchrow(
            "SELECT * FROM parked WHERE retry AND consumer = $1 ORDER BY id LIMIT 1", consumer
        )
        if row is not None:
            await _retry(lent, site, row)
    return True


async def _retry(connection: Connection, site: Site, row: Any) -> None:
    stream = (row["consumer"], row["tenant_id"], row["stream_id"])
    try:
        async with connection.transaction():
            await _again(site, row)(connection)
    except Exception as error:
        if passes(error):
            raise
        await connection.execute(
            "UPDATE parked SET retry = false, reason = CASE WHEN id = $4 THEN $5 ELSE reason END"
            " WHERE consumer = $1 AND tenant_id = $2 AND stream_id IS NOT DISTINCT FROM $3",
            *stream,
            row["id"],
            reason_of(error),
        )
        log.warning("parked again", consumer=row["consumer"], type=row["type"])
    else:
        await connection.execute("DELETE FROM parked WHERE id = $1", row["id"])
        await connection.execute(
            "UPDATE parked SET retry = true WHERE NOT retry AND consumer = $1"
            " AND tenant_id = $2 AND stream_id = $3",
            *stream,
        )
        log.info("taken up again", consumer=row["consumer"], type=row["type"])


async def _hold(connection: Connection, consumer: str) -> None:
    """Keep new events from being parked behind one that is just being taken up again."""
    await connection.execute(
        "SELECT FROM projections WHERE name = $1 FOR UPDATE"
        if consumer.startswith(PROJECTION)
        else "SELECT FROM checkpoints WHERE consumer = $1 ORDER BY source FOR UPDATE",
        consumer.removeprefix(PROJECTION),
    )


def _again(site: Site, row: Any) -> Callable[[Connection], Awaitable[None]]:
    """Return what takes this event in."""

    async def event(connection: Connection) -> None:
        envelope = envelope_from(orjson.loads(row["headers"]), row["body"])
        await applier(site)(connection, [envelope])

    async def projection(connection: Connection) -> None:
        name = row["consumer"].removeprefix(PROJECTION)
        one = next(p for p in site.service.projections if p.name == name)
        state = await connection.fetchrow(
            "SELECT table_name FROM projections WHERE name = $1 FOR UPDATE", name
        )
        if state is None:
            raise ConnectionError(f"read model {name} is not built")
        told = await connection.fetch(HISTORY, row["position"] - 1, 1)
        await fold_into(connection, one, Table(one, state["table_name"]), told)

    return projection if row["consumer"].startswith(PROJECTION) else event
