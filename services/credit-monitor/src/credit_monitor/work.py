"""The table `work`: companies that something is to be done about, leased to one worker each."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.tenancy import Connection, Pool, tenant_transaction
from credit_monitor.leases import LEASE_SECONDS, LeaseLost

TOUCH = """
INSERT INTO work (tenant_id, company_id, correlation, causation, account)
VALUES ($1, $2, $3, $4, account_of($1))
ON CONFLICT (tenant_id, company_id) DO UPDATE SET
  generation = work.generation + 1, due_at = now(), attempts = 0, account = excluded.account,
  correlation = excluded.correlation, causation = excluded.causation
"""
TOUCH_ALL = """
INSERT INTO work (tenant_id, company_id, correlation, look, account)
SELECT $1, company_id, $3, $4, account_of($1)
FROM unnest($2::uuid[]) AS t (company_id) ORDER BY company_id
ON CONFLICT (tenant_id, company_id) DO UPDATE SET
  generation = work.generation + 1, due_at = now(), attempts = 0, account = excluded.account,
  correlation = excluded.correlation,
  look = work.look OR (excluded.look AND work.after_poll IS NULL),
  unexplained = work.unexplained AND (work.look OR work.after_poll IS NOT NULL)
"""
"""Who waits for a poll is looked at after it, and not before: what differs may yet be told."""
LEASE = """
WITH due AS MATERIALIZED (
  SELECT d.tenant_id, d.company_id FROM accounts a CROSS JOIN LATERAL (
    SELECT tenant_id, company_id FROM work w
    WHERE w.account = a.account AND NOT paused(w.account, w.tenant_id)
      AND due_at <= now() AND (leased_until IS NULL OR leased_until < now())
    ORDER BY due_at LIMIT greatest(0, $1 - coalesce(($3::jsonb ->> a.account)::int, 0))
    FOR UPDATE SKIP LOCKED) d
)
UPDATE work w SET fence = w.fence + 1, leased_until = now() + make_interval(secs => $2) FROM due
WHERE w.tenant_id = due.tenant_id AND w.company_id = due.company_id
RETURNING w.*
"""
"""Materialised, or a plan that looks for what is due anew for each row takes it all."""
LOOK_AFTER_POLL = """
UPDATE work SET look = true, after_poll = NULL, due_at = now(), generation = generation + 1
WHERE after_poll < $1 AND account = $2
"""
MINE = "tenant_id = $1 AND company_id = $2 AND fence = $3"
EXTEND = f"""
UPDATE work SET leased_until = now() + make_interval(secs => $4)
WHERE {MINE} AND leased_until IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A company in hand; valid for as long as nobody else has its fence raised."""

    tenant: str
    company_id: UUID
    id: UUID
    generation: int
    fence: int
    account: str
    attempts: int
    look: bool
    unexplained: bool
    waiting: bool
    seen: dict[str, str] | None
    report: dict[str, Any] | None
    correlation: UUID
    causation: UUID | None

    @property
    def mine(self) -> tuple[str, UUID, int]:
        """Return what the row must still be like for us to write."""
        return self.tenant, self.company_id, self.fence


async def touch(
    connection: Connection,
    tenant: str,
    company_id: UUID,
    correlation: UUID,
    causation: UUID | None = None,
) -> None:
    """Have a company looked at, as soon as this transaction has committed."""
    await connection.execute(TOUCH, tenant, company_id, correlation, causation)


async def touch_all(
    connection: Connection,
    tenant: str,
    companies: Sequence[UUID],
    correlation: UUID,
    *,
    look: bool = False,
) -> None:
    """Have companies looked at; asked to `look`, the bureau is asked how they are rated now."""
    await connection.execute(TOUCH_ALL, tenant, companies, correlation, look)


async def known(connection: Connection, tenant: str, companies: list[UUID]) -> set[UUID]:
    """Return those about which something is to be done, or being done."""
    find = "SELECT company_id FROM work WHERE tenant_id = $1 AND company_id = ANY ($2)"
    return {row["company_id"] for row in await connection.fetch(find, tenant, companies)}


async def lease(pool: Pool, at_most: int, in_hand: Mapping[str, int] | None = None) -> list[Work]:
    """Take companies in hand that are due and in nobody else's: so many of each account."""
    busy = orjson.dumps(dict(in_hand or {})).decode()
    return [_work(row) for row in await pool.fetch(LEASE, at_most, LEASE_SECONDS, busy)]


def _work(row: Any) -> Work:
    return Work(
        tenant=row["tenant_id"],
        company_id=row["company_id"],
        id=row["id"],
        generation=row["generation"],
        fence=row["fence"],
        account=row["account"],
        attempts=row["attempts"],
        look=row["look"],
        unexplained=row["unexplained"],
        waiting=row["after_poll"] is not None,
        seen=orjson.loads(row["seen"]) if row["seen"] else None,
        report=orjson.loads(row["report"]) if row["report"] else None,
        correlation=row["correlation"],
        causation=row["causation"],
    )


async def extend(pool: Pool, work: Work) -> None:
    """Keep a company in hand a little longer."""
    await pool.execute(EXTEND, *work.mine, LEASE_SECONDS)


@asynccontextmanager
async def holding(pool: Pool, work: Work) -> AsyncIterator[tuple[Connection, bool]]:
    """Open a transaction in which nobody can take the company from us.

    Says too whether it was touched since it was taken in hand: what was found out may then be
    about how things were. Raises `LeaseLost` when somebody has taken it.
    """
    async with tenant_transaction(pool, work.tenant) as connection:
        yield connection, await hold(connection, work)


async def hold(connection: Connection, work: Work) -> bool:
    """Let nobody take the company from us in this transaction; says whether it was touched."""
    generation = await connection.fetchval(
        f"SELECT generation FROM work WHERE {MINE} FOR UPDATE", *work.mine
    )
    if generation is None:
        raise LeaseLost
    return bool(generation != work.generation)


async def keep_report(connection: Connection, work: Work, report: dict[str, Any]) -> None:
    """Keep what was paid for, until it is made use of."""
    await connection.execute(
        f"UPDATE work SET report = $4 WHERE {MINE}", *work.mine, orjson.dumps(report).decode()
    )


async def look_again(connection: Connection, work: Work, *, look: bool) -> None:
    """Go on at once, and with what somebody found out where `look` says so."""
    set_back = "leased_until = NULL, attempts = 0, due_at = now(), report = NULL"
    again = f"UPDATE work SET {set_back}, look = look OR $4 WHERE {MINE}"
    await connection.execute(again, *work.mine, look)


async def drop(connection: Connection, work: Work) -> None:
    """Be done with a company, unless it was touched meanwhile or waits for a poll."""
    done = await connection.execute(
        f"DELETE FROM work WHERE {MINE} AND generation = $4 AND after_poll IS NULL",
        *work.mine,
        work.generation,
    )
    if done.endswith(" 0"):
        await connection.execute(
            "UPDATE work SET leased_until = NULL, attempts = 0, report = NULL,"
            " look = look AND NOT $5, unexplained = unexplained AND NOT $5,"
            " due_at = CASE WHEN generation = $4 THEN 'infinity' ELSE now() END"
            f" WHERE {MINE}",
            *work.mine,
            work.generation,
            work.look,
        )


async def go_on(connection: Connection, work: Work) -> None:
    """Let the next step be taken at once."""
    at_once = f"UPDATE work SET leased_until = NULL, attempts = 0, due_at = now() WHERE {MINE}"
    await connection.execute(at_once, *work.mine)


async def rest(connection: Connection, work: Work, until: datetime) -> None:
    """Leave a company alone for a while, unless it was touched meanwhile."""
    await connection.execute(
        "UPDATE work SET leased_until = NULL, attempts = 0, report = NULL,"
        " due_at = CASE WHEN generation = $5 THEN $4 ELSE now() END"
        f" WHERE {MINE}",
        *work.mine,
        until,
        work.generation,
    )


async def wait_for_poll(
    connection: Connection, work: Work, *, unexplained: bool, seen: dict[str, str] | None = None
) -> None:
    """Look again once what is published by now was read; what differs is believed if as `seen`."""
    await connection.execute(
        "UPDATE work SET leased_until = NULL, attempts = 0, look = false, unexplained = $4,"
        " seen = $6, report = NULL, after_poll = now(),"
        " due_at = CASE WHEN generation = $5 THEN 'infinity' ELSE now() END"
        f" WHERE {MINE}",
        *work.mine,
        unexplained,
        work.generation,
        orjson.dumps(seen).decode() if seen else None,
    )


async def put_off(pool: Pool, work: Work, until: datetime) -> None:
    """Try again later."""
    await pool.execute(
        "UPDATE work SET leased_until = NULL, attempts = attempts + 1,"
        " due_at = CASE WHEN generation = $5 THEN $4 ELSE now() END"
        f" WHERE {MINE}",
        *work.mine,
        until,
        work.generation,
    )


async def release(pool: Pool, held: Iterable[Work]) -> None:
    """Let somebody else go on at once; for a process that stops."""
    for work in held:
        await pool.execute(f"UPDATE work SET leased_until = NULL WHERE {MINE}", *work.mine)


async def look_after_poll(connection: Connection, account: str, begun: datetime) -> None:
    """Let companies be looked at that waited for a reading of notifications begun by now."""
    await connection.execute(LOOK_AFTER_POLL, begun, account)
