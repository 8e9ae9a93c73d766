"""What operators do about bureaus: pause, read again, reconcile, rate anew; and how it is shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.tenancy import Connection
from contracts.values import Band
from credit_monitor import costs
from credit_monitor.operators.overview import KINDS
from credit_monitor.policy import policies
from credit_monitor.reconciling import reconciliations

MEANT = "($1 = '' OR tenant_id = $1) AND ($2 = '' OR split_part(bureau, '/', 1) = $2)"
BANDS = """
SELECT s.company_id,
  (SELECT coalesce(e.data -> 'new', e.data -> 'rating') ->> 'band' FROM events e
   WHERE e.tenant_id = $1 AND e.stream_id = s.company_id AND e.category = 'credit'
     AND (e.type LIKE 'company-rated.%' OR e.type LIKE 'credit-rating-changed.%')
   ORDER BY e.version DESC LIMIT 1) AS band
FROM subjects s WHERE s.tenant_id = $1 AND s.rated_key IS NOT NULL AND NOT s.archived
ORDER BY s.company_id
"""


async def pause(connection: Connection, bureau: str, tenant: str) -> None:
    """Have nothing more asked of a bureau, for everybody or for one tenant."""
    await connection.execute(
        "INSERT INTO pauses (bureau, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        bureau,
        tenant,
    )


async def resume(connection: Connection, bureau: str, tenant: str) -> bool:
    """Have a bureau asked again; says whether it was paused."""
    gone = await connection.execute(
        "DELETE FROM pauses WHERE bureau = $1 AND ($2 = '' OR tenant_id = $2)", bureau, tenant
    )
    return not gone.endswith(" 0")


async def ask_to_reconcile(connection: Any, tenant: str, bureau: str, moment: datetime) -> int:
    """Have portfolios reconciled now; returns how many."""
    for row in await connection.fetch("SELECT DISTINCT account FROM portfolios"):
        await reconciliations.open_all(connection, row["account"], moment)
    done = await connection.execute(
        f"UPDATE reconciliations SET asked_at = clock_timestamp(), next_at = now() WHERE {MEANT}"
        " AND account_of(tenant_id) = bureau",
        tenant,
        bureau,
    )
    return int(done.rpartition(" ")[2])


async def not_reconciled(
    connection: Connection, tenant: str, bureau: str
) -> Sequence[tuple[str, str]]:
    """Return whose portfolios are still to be reconciled, and what keeps them."""
    rows = await connection.fetch(
        f"SELECT tenant_id, trouble FROM reconciliations WHERE {MEANT} AND asked_at IS NOT NULL"
        " AND account_of(tenant_id) = bureau",
        tenant,
        bureau,
    )
    return [(row["tenant_id"], row["trouble"] or "not begun") for row in rows]


async def replay(connection: Connection, bureau: str, tenant: str, since: datetime) -> int:
    """Have notifications read again from a moment on; who reads just now reads for nothing."""
    done = await connection.execute(
        "UPDATE accounts SET cursor = least(cursor, $3), deep_at = NULL, next_poll_at = now(),"
        " fence = fence + 1, leased_until = NULL WHERE split_part(account, '/', 1) = $1"
        " AND ($2 = '' OR account = account_of($2))",
        bureau,
        tenant,
        since,
    )
    return int(done.rpartition(" ")[2])


async def to_rate(
    connection: Connection, tenant: str, wanted: Sequence[UUID] | None, band: Band | None
) -> tuple[list[UUID], str]:
    """Return which companies are to be rated anew, and what that comes to."""
    rows = await connection.fetch(BANDS, tenant)
    chosen = {row["company_id"]: row["band"] for row in rows}
    found = [
        company_id
        for company_id, its in chosen.items()
        if (wanted is None or company_id in wanted) and (band is None or its == band)
    ]
    policy = await policies.load(connection, tenant)
    account = await connection.fetchval("SELECT account_of($1)", tenant)
    bureau = str(account).partition("/")[0]
    price = costs.price_of(policy, bureau)
    if price is None:
        return found, f"at {bureau}; the tenant has not said what one costs"
    return found, f"{len(found) * price.amount:,f} {price.currency} at {bureau}"


def calls_of(families: Iterable[Any]) -> dict[str, dict[str, float]]:
    """Return of each bureau's calls how many there were, failed, and took how long on average."""
    counted: dict[str, dict[str, float]] = {}
    for family in families:
        if family.name != "kundvakt_bureau_call_seconds":
            continue
        for sample in family.samples:
            name = f"{sample.labels.get('bureau')} {sample.labels.get('call')}"
            one = counted.setdefault(name, {"calls": 0, "failed": 0, "seconds": 0})
            if sample.name.endswith("_count"):
                one["calls"] += sample.value
                is_bad = sample.labels["outcome"][:1] not in {"2", "3"}
                one["failed"] += sample.value if is_bad else 0
            elif sample.name.endswith("_sum"):
                one["seconds"] += sample.value
    return counted


def is_meant(one: Mapping[str, Any], tenant: str, bureau: str) -> bool:
    """Say whether a tenant's line is among those asked for."""
    return tenant in {"", one["tenant_id"]} and bureau in {"", one["account"].partition("/")[0]}


def drift_of(one: Mapping[str, Any]) -> str:
    """Say where a portfolio differed when it was last reconciled."""
    if one["done_at"] is None:
        return f"{one['tenant_id']}: not reconciled yet" + (
            f": {one['trouble']}" if one["trouble"] else ""
        )
    differed = [f"{one[kind]} {kind}" for kind in KINDS if one[kind]]
    return f"{one['tenant_id']}: {one['members']} watched, {', '.join(differed) or 'no difference'}"


def show(told: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Show how it stands, for people."""
    for one in told["accounts"]:
        read = one["polled_seconds"]
        state = "paused" if one["paused"] else "login refused" if one["refused"] else "open"
        say(
            f"{one['account']}: {state}, read "
            + ("never" if read is None else f"{read:.0f} s ago")
            + f", {one['failures']} failures, {one['due']} due, {one['waiting']} waiting"
        )
    for one in told["tenants"]:
        cost = "" if one["cost"] is None else f", {one['cost']:,f} {one['currency']}"
        paused = ", paused" if one["paused"] else ""
        say(f"  {drift_of(one)}, {one['reports']} reports in 30 days{cost}{paused}")
    for name, one in sorted(told["calls"].items()):
        mean = one["seconds"] / one["calls"] if one["calls"] else 0.0
        say(f"  {name}: {one['calls']:.0f} calls, {one['failed']:.0f} failed, {mean:.3f} s each")
