"""Read models kept up with history: fold a batch, write it in one statement, move the position."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
import structlog

from chassis import codec
from chassis.failpoints import reach
from chassis.intake import BEHIND, reason_of
from chassis.leadership import leading, still_leading
from chassis.postgres import heal, passes
from chassis.projection import AnyProjection, Told
from chassis.site import Site
from chassis.tenancy import Connection
from chassis.wire import INTERRUPTIONS
from contracts.catalogue import EVENTS

log = structlog.get_logger()

BATCH_EVENTS = 1_000
POLL_SECONDS = 1.0
"""New history wakes the projectors at once; this is for a wake-up that was missed."""
HISTORY = """
SELECT seq, tenant_id, stream_id, version, type, id::text AS id, at, by,
       correlation::text AS correlation, causation::text AS causation, data::text AS data
FROM history WHERE seq > $1 ORDER BY seq LIMIT $2
"""


class Table:
    """A projection's table: rows in and out as JSON, whatever their columns are."""

    def __init__(self, projection: AnyProjection, name: str) -> None:
        self.name = name
        self._form = projection.row
        self.fields = tuple(projection.row.__dataclass_fields__)
        self.key = self.fields[0]

    async def load(
        self, connection: Connection, at: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Any]:
        """Return the rows there are for these tenants and keys."""
        rows = await connection.fetch(
            f"SELECT t.tenant_id, t.{self.key}::text AS key, to_jsonb(t)::text AS row"
            f" FROM unnest($1::text[], $2::text[]) a (tenant, key)"
            f" JOIN {self.name} t ON t.tenant_id = a.tenant AND t.{self.key}::text = a.key",
            [tenant for tenant, _ in at],
            [key for _, key in at],
        )
        return {(row["tenant_id"], row["key"]): self.row(row["row"]) for row in rows}

    def row(self, text: str) -> Any:
        """Return a row from its JSON."""
        data = orjson.loads(text)
        return self._form(*(data[name] for name in self.fields))

    async def write(self, connection: Connection, rows: dict[tuple[str, str], Any]) -> None:
        """Write what became of each row: upsert the ones there are, delete the others."""
        kept = [(tenant, row) for (tenant, _), row in rows.items() if row is not None]
        gone = [at for at, row in rows.items() if row is None]
        if kept:
            columns = ", ".join(self.fields)
            changes = ", ".join(f"{name} = excluded.{name}" for name in self.fields[1:])
            await connection.execute(
                f"INSERT INTO {self.name} (tenant_id, {columns}) SELECT a.tenant, {columns}"
                f" FROM (SELECT unnest($1::text[]), unnest($2::jsonb[])) a (tenant, said),"
                f" jsonb_populate_record(NULL::{self.name}, a.said)"
                f" ON CONFLICT (tenant_id, {self.key}) DO UPDATE SET {changes}",
                [tenant for tenant, _ in kept],
                [orjson.dumps(row).decode() for _, row in kept],
            )
        if gone:
            await connection.execute(
                f"DELETE FROM {self.name} t USING unnest($1::text[], $2::text[]) a (tenant, key)"
                f" WHERE t.tenant_id = a.tenant AND t.{self.key}::text = a.key",
                [tenant for tenant, _ in gone],
                [key for _, key in gone],
            )


def told_from(row: Any) -> Told:
    """Return an event of history as a projection meets it."""
    return Told(
        tenant=row["tenant_id"],
        event=codec.event_in(row["data"], row["type"]),
        seq=row["seq"],
        version=row["version"],
        at=row["at"].isoformat().replace("+00:00", "Z"),
        by=row["by"],
        id=row["id"],
        correlation=row["correlation"],
        causation=row["causation"],
    )


def others(projection: AnyProjection) -> frozenset[str]:
    """Return the types that a projection passes over; one that nobody knows is not among them."""
    handled = {form.model_fields["type"].default for form in projection.handles}
    return frozenset(EVENTS.keys() - handled)


async def project(site: Site, projection: AnyProjection) -> None:
    """Keep one read model up with history, as the one leader among replicas."""
    url = site.settings.database_url.get_secret_value()
    while True:
        try:
            async with leading(url, f"{site.service.name}:project:{projection.name}") as lock:
                await _follow(site, projection, lock)
        except INTERRUPTIONS as error:
            log.warning("projector interrupted", projection=projection.name, error=repr(error))
            await heal(site.pool, error)
            await asyncio.sleep(POLL_SECONDS)


async def _follow(site: Site, projection: AnyProjection, lock: Any) -> None:
    bell = asyncio.Event()
    await lock.add_listener("history", lambda *_: bell.set())
    while True:
        bell.clear()
        while await step(site, projection):
            pass
        await still_leading(lock)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await bell.wait()


async def step(site: Site, projection: AnyProjection) -> bool:
    """Take in the next events of history; say whether there may be more."""
    async with site.pool.acquire() as lent, lent.transaction():
        state = await lent.fetchrow(
            "SELECT table_name, version, position FROM projections WHERE name = $1 FOR UPDATE",
            projection.name,
        )
        if state is None or state["version"] != projection.version:
            # Folding into another version's table would park every event.
            raise ConnectionError(f"read model {projection.name} is not built; run migrate")
        rows = await lent.fetch(HISTORY, state["position"], BATCH_EVENTS)
        if not rows:
            return False
        table = Table(projection, state["table_name"])
        reach("projector.read")
        passed_over = others(projection)
        mine = [row for row in rows if row["type"] not in passed_over]
        await _apply(lent, projection, table, mine)
        reach("projector.applied")
        await lent.execute(
            "UPDATE projections SET position = $2 WHERE name = $1",
            projection.name,
            rows[-1]["seq"],
        )
        await lent.execute("SELECT pg_notify('projected', $1)", projection.name)
        reach("projector.moved")
    reach("projector.committed")
    return len(rows) == BATCH_EVENTS


async def _apply(
    connection: Connection, projection: AnyProjection, table: Table, rows: Sequence[Any]
) -> None:
    """Fold a batch into its rows; where one event cannot be folded, go on one by one."""
    if not rows:
        return
    consumer = f"projection:{projection.name}"
    blocked = {
        (row["tenant_id"], row["stream_id"])
        for row in await connection.fetch(
            "SELECT tenant_id, stream_id FROM parked WHERE consumer = $1", consumer
        )
    }
    if not any((row["tenant_id"], row["stream_id"]) in blocked for row in rows):
        try:
            async with connection.transaction():
                await fold_into(connection, projection, table, rows)
        except Exception as error:
            if passes(error):
                raise
            # Found out below which one it is.
            log.warning("fold failed, one by one", projection=projection.name, error=repr(error))
        else:
            return
    for row in rows:
        await _apply_one(connection, projection, table, row, blocked)


async def _apply_one(
    connection: Connection, projection: AnyProjection, table: Table, row: Any, blocked: set[Any]
) -> None:
    stream = (row["tenant_id"], row["stream_id"])
    reason = BEHIND
    if stream not in blocked:
        try:
            async with connection.transaction():
                await fold_into(connection, projection, table, [row])
        except Exception as error:
            if passes(error):
                raise
            reason = reason_of(error)
            blocked.add(stream)
        else:
            return
    await park(connection, projection, row, reason)


async def park(connection: Any, projection: AnyProjection, row: Any, reason: str) -> None:
    """Put an event of history aside with its reason; its text stays in history."""
    consumer = f"projection:{projection.name}"
    log.error("parked", consumer=consumer, type=row["type"], id=row["id"], why=reason)
    await connection.execute(
        "INSERT INTO parked (consumer, tenant_id, stream_id, source, position, type, reason,"
        " headers, body) VALUES ($1, $2, $3, 'history', $4, $5, $6, '{}', '')"
        " ON CONFLICT DO NOTHING",
        consumer,
        row["tenant_id"],
        row["stream_id"],
        row["seq"],
        row["type"],
        reason,
    )


async def fold_into(
    connection: Connection, projection: AnyProjection, table: Table, rows: Sequence[Any]
) -> None:
    """Fold events into their rows and write them, one statement for all."""
    told = [told_from(row) for row in rows]
    told = [one for one in told if isinstance(one.event, projection.handles)]
    at = [(one.tenant, projection.key(one)) for one in told]
    found = await table.load(connection, list(dict.fromkeys(at)))
    for place, one in zip(at, told, strict=True):
        found[place] = projection.evolve(found.get(place), one)
    await table.write(connection, {place: found[place] for place in dict.fromkeys(at)})
